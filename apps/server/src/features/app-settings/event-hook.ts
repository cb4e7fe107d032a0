import { isDeepStrictEqual } from 'node:util';
import { type EventHookRequest, type HookId, WEBHOOK_EVENT_TYPES } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { ApiError, inputError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/id.ts';
import { type HookRules, parseHookUrl } from './hook-url.ts';

/** Where events are sent to. Times in ms. */
export interface EventHook {
  id: HookId;
  enabled: boolean;
  url: string;
  /** Empty: all. */
  eventTypes: readonly string[];
  /** Null: the secret of the application signs. */
  signingSecret: string | null;
  gzip: boolean;
  /** When it was last switched on; null: never. */
  enabledAt: number | null;
  createdAt: number;
  updatedAt: number;
}

/**
 * The hooks after a change: those that the list names, in its order; the others are gone. The same list when nothing
 * changes. Throws 400/19 for a kind that is not offered, 400/4 naming what else is wrong.
 */
export function changedHooks(
  current: readonly EventHook[],
  asked: readonly EventHookRequest[],
  now: number,
  rules: HookRules,
): readonly EventHook[] {
  const known = new Map(current.map((hook) => [hook.id, hook]));
  const ids = new Set<HookId>();
  const next = asked.map((request, index) => {
    const hook = changedHook(request, `event_hooks.${index}`, { known, now, rules });
    if (ids.has(hook.id)) throw inputError(`event_hooks.${index}.id`, 'stands in the list twice');
    ids.add(hook.id);
    return hook;
  });
  return isDeepStrictEqual(next, current) ? current : next;
}

interface Change {
  known: ReadonlyMap<HookId, EventHook>;
  now: number;
  rules: HookRules;
}

function changedHook(request: EventHookRequest, field: string, { known, now, rules }: Change): EventHook {
  demandWebhook(request, field);
  const before = request.id === undefined ? undefined : known.get(request.id);
  const asked = {
    enabled: request.enabled,
    url: urlOf(request, field, rules),
    eventTypes: eventTypesOf(request.event_types ?? [], `${field}.event_types`),
    signingSecret:
      request.signing_secret === undefined ? (before?.signingSecret ?? null) : request.signing_secret,
    gzip: request.gzip ?? false,
  };
  if (before) return changedFrom(before, asked, now);
  const enabledAt = asked.enabled ? now : null;
  return { ...asked, id: request.id ?? newId<HookId>(now), enabledAt, createdAt: now, updatedAt: now };
}

type Asked = Pick<EventHook, 'enabled' | 'url' | 'eventTypes' | 'signingSecret' | 'gzip'>;

function changedFrom(before: EventHook, asked: Asked, now: number): EventHook {
  const enabledAt = asked.enabled && !before.enabled ? now : before.enabledAt;
  const after = { ...before, ...asked, enabledAt };
  return isDeepStrictEqual(after, before) ? before : { ...after, updatedAt: now };
}

function demandWebhook(request: EventHookRequest, field: string): void {
  if (request.hook_type !== 'webhook') throw kindNotOffered(`${field}.hook_type`, request.hook_type);
  for (const other of ['sqs_queue_url', 'sqs_region', 'sqs_auth_type', 'sns_arn_topic'] as const) {
    if (request[other] !== undefined) throw inputError(`${field}.${other}`, 'is not a field of a webhook');
  }
}

function urlOf({ webhook_url: url }: EventHookRequest, field: string, rules: HookRules): string {
  if (url === undefined) throw inputError(`${field}.webhook_url`, 'is required');
  return parseHookUrl(url, `${field}.webhook_url`, rules);
}

const kindNotOffered = (field: string, kind: string): ApiError => {
  const complaint = `hooks of the kind ${kind} are not offered; use webhook`;
  return new ApiError('feature_not_supported', `${field}: ${complaint}`, { fields: { [field]: complaint } });
};

/** Sorted and without doubles, so that the same choice in another order is no change. */
function eventTypesOf(types: readonly string[], field: string): string[] {
  types.forEach((type, index) => {
    if (WEBHOOK_EVENT_TYPES.has(type)) return;
    throw inputError(`${field}.${index}`, 'is not an event that webhooks are sent');
  });
  return [...new Set(types)].sort();
}

/** A hook as clients see it: its secret is not shown again. */
export const hookResponse = (hook: EventHook) => ({
  id: hook.id,
  enabled: hook.enabled,
  hook_type: 'webhook' as const,
  webhook_url: hook.url,
  event_types: [...hook.eventTypes],
  has_signing_secret: hook.signingSecret !== null,
  gzip: hook.gzip,
  created_at: toTime(hook.createdAt),
  updated_at: toTime(hook.updatedAt),
});

/** A hook as the audit log keeps it: moderators read that, and an address may carry a key behind its `?`. */
export const hookRecord = (hook: EventHook) => ({
  ...hookResponse(hook),
  webhook_url: hook.url.replace(/\?.*$/s, '?...'),
});
