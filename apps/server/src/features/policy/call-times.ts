import type { PolicyFacts } from './policy-facts.ts';

type CallNow = Pick<PolicyFacts, 'call' | 'now'>;

/**
 * When the call ended: by an act, or when its running session reached `max_duration_seconds`; null while it goes
 * on. Milliseconds.
 */
export function endOf({ call, now }: CallNow): number | null {
  if (call.endedAt !== null) return call.endedAt;
  const limit = call.settings.limits.max_duration_seconds;
  if (limit === null || call.sessionStartedAt === null) return null;
  const end = call.sessionStartedAt + limit * 1000;
  return end <= now ? end : null;
}

/** Ended by an act, or its session has run for `max_duration_seconds`. */
export const isEnded = (facts: CallNow): boolean => endOf(facts) !== null;

/**
 * In backstage, and not within `join_ahead_time_seconds` (0: never) of `starts_at`. A call whose `backstage.enabled`
 * is false is in none, whatever its row says.
 */
export function isClosedBackstage({ call, now }: CallNow): boolean {
  const { enabled, join_ahead_time_seconds } = call.settings.backstage;
  if (!call.backstage || !enabled) return false;
  const aheadMs = join_ahead_time_seconds * 1000;
  return !(aheadMs > 0 && call.startsAt !== null && now >= call.startsAt - aheadMs);
}
