import type { CallCid } from '@callgate/contract';
import { membersNow, type OrderedRow, type StoredAudience } from '../features/events/index.ts';
import { audienceOf, hears } from './audience.ts';
import { type Judge, readRefusal } from './re-evaluate.ts';
import type { Registry } from './registry.ts';
import type { SocketSession } from './session.ts';

/**
 * The sockets that hear an event: of people whom it is about, of those who watch its call, and of members who may
 * read it now. The sockets are taken before anything is waited for: one that opens later finds the event among what
 * it missed. Watches need no question: those that policy refuses have been ended by the event that caused it.
 */
export async function recipientsOf(
  judge: Judge,
  registry: Registry,
  row: OrderedRow,
): Promise<ReadonlySet<SocketSession>> {
  const audience = audienceOf(row);
  const { cid } = row;
  const heard = new Set((audience.users ?? []).flatMap((id) => [...registry.ofUser(id)]));
  const asMembers = socketsOfMembers(registry, audience);
  if (cid === null) return heard;
  if (audience.watchers) for (const session of watching(registry, row, cid)) heard.add(session);
  const others = asMembers.filter((session) => !heard.has(session));
  const members = others.length === 0 ? [] : await readers(judge, others, cid, audience);
  for (const session of members) heard.add(session);
  return heard;
}

/** Of a large call, everybody might be a member. */
const socketsOfMembers = (registry: Registry, { members = [] }: StoredAudience): SocketSession[] =>
  members === 'many' ? registry.all() : members.flatMap((id) => [...registry.ofUser(id)]);

const watching = (registry: Registry, row: OrderedRow, cid: CallCid): SocketSession[] =>
  [...registry.ofCall(cid)].filter((session) => {
    const watch = session.watches.get(cid);
    return hears(row, { watchers: true }, { userId: session.userId, watch }) === 'reads';
  });

/** Those who are members and may read the call now. */
function readers(
  judge: Judge,
  sessions: readonly SocketSession[],
  cid: CallCid,
  { members, except = [] }: StoredAudience,
): Promise<SocketSession[]> {
  return judge.database.read(async (snapshot) => {
    const many = members === 'many' ? await membersNow(snapshot, cid) : undefined;
    const asked = many
      ? sessions.filter(({ userId }) => many.has(userId) && !except.includes(userId))
      : sessions;
    const refusals = await Promise.all(asked.map((session) => readRefusal(judge, snapshot, session, cid)));
    return asked.filter((_, at) => refusals[at] === null);
  });
}
