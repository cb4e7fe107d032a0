import type { Location } from '@callgate/server/storage/reader.ts';
import { vi } from 'vitest';
import type { RunningServer } from '../harness/index.ts';
import { type Records, readRecords, verifyAuditChain } from './records.ts';
import { demand } from './state.ts';

/** Which event follows which audited action, one for one. */
const EVENTS_OF_ACTIONS = [
  ['ban.create', 'user.banned'],
  ['ban.remove', 'user.unbanned'],
  ['call.block', 'call.blocked_user'],
  ['call.unblock', 'call.unblocked_user'],
  ['call.permissions', 'call.permissions_updated'],
  ['call.mute', 'call.user_muted'],
  ['call.join', 'call.session_participant_joined'],
  ['call.leave', 'call.session_participant_left'],
  ['call.reject', 'call.rejected'],
  ['call.update', 'call.updated'],
  ['user.deactivate', 'user.deactivated'],
  ['user.delete', 'user.deleted'],
  ['user.reactivate', 'user.reactivated'],
] as const;

/** How long events may wait for their places, and jobs for their end, after a start, in milliseconds. */
const SETTLED_MS = 15_000;

/** The records once every event has its place and no job is left; what they are after 15 s otherwise. */
async function settledRecords(location: Location): Promise<Records> {
  let records = await readRecords(location);
  const look = async (): Promise<void> => {
    records = await readRecords(location);
    const { places, pendingJobs } = records;
    if (places.placed < places.events || pendingJobs > 0) throw new Error('there is work to do');
  };
  await vi.waitFor(look, { timeout: SETTLED_MS, interval: 50 }).catch(() => undefined);
  return records;
}

/**
 * What the books alone must say after each restart: an event for each record, each with a place and no gap between
 * them, the events of a call numbered, no job left, and an audit chain that holds every record once.
 */
export async function checkBooks(
  server: RunningServer,
  location: Location,
): Promise<{ problems: string[]; records: Records }> {
  // Reading the log seals what is not sealed yet.
  await demand(server, 'GET', '/api/v2/moderation/logs');
  const records = await settledRecords(location);
  const problems = [...eventProblems(records), ...placeProblems(records)];
  if (records.pendingJobs > 0) problems.push(`${records.pendingJobs} enforcement jobs were left behind`);
  const chain = await verifyAuditChain(location, server.dataDir);
  const total = [...records.audits.values()].reduce((sum, count) => sum + count, 0);
  if (chain.broken) problems.push(`the audit chain is broken: ${JSON.stringify(chain.broken)}`);
  if (chain.records !== total) problems.push(`${chain.records} of ${total} audit records are in the chain`);
  return { problems, records };
}

function eventProblems({ actions, events, brokenSequences }: Records): string[] {
  const unlike = EVENTS_OF_ACTIONS.filter(
    ([action, type]) => (actions.get(action) ?? 0) !== (events.get(type) ?? 0),
  );
  return [
    ...unlike.map(
      ([action, type]) =>
        `${actions.get(action) ?? 0} records of ${action}, ${events.get(type) ?? 0} events ${type}`,
    ),
    ...brokenSequences.map((cid) => `the events of ${cid} are not numbered 1, 2, 3...`),
  ];
}

/** Places are 1, 2, 3 and so on up to the number of events. */
export function placeProblems({ places }: Pick<Records, 'places'>): string[] {
  const { events, placed, distinct, last } = places;
  if (placed === events && distinct === events && last === events) return [];
  return [`${events} events have ${placed} places, ${distinct} different ones, the last is ${last}`];
}

/** Every acknowledged request has one record; of the others none has two. */
export function requestProblems(
  { audits }: Pick<Records, 'audits'>,
  acknowledged: Iterable<string>,
): string[] {
  const lost = [...acknowledged].filter((id) => !audits.has(id));
  const doubled = [...audits].filter(([, count]) => count !== 1);
  return [
    ...lost.map((id) => `${id} was acknowledged and has no audit record`),
    ...doubled.map(([id, count]) => `${id} has ${count} audit records`),
  ];
}
