import type { CallCid } from '@callgate/contract';
import { membersNow, type OrderedRow, type StoredAudience } from '../features/events/index.ts';
import { audienceOf, hears } from './audience.ts';
import { type Judge, readRefusal } from './re-evaluate.ts';
import type { Registry } from './registry.ts';
import type { SocketSession } from './session.ts';

/**
 * The sockets that hear an event: of people whom it is about, of those who watch its call, and of members who may
 * read it now. The sockets are taken before anything is waited for: one that opens later finds the event among what
 * it missed. Confirmed watches need no question: those that policy refuses have been ended by the event that caused it.
 */
export async function recipientsOf(
  judge: Judge,
  registry: Registry,
  row: OrderedRow,
): Promise<ReadonlySet<SocketSession>> {
  const audience = audienceOf(row);
  const { cid } = row;
  const heard = new Set((audience.users ?? []).flatMap((id) => [...registry.ofUser(id)]));
  const members = socketsOfMembers(registry, audience);
  if (cid === null) return heard;
  const watchers = audience.watchers ? watching(registry, row, cid) : [];
  for (const session of watchers) if (!session.unconfirmed.has(cid)) heard.add(session);
  const isOpen = (session: SocketSession): boolean => !heard.has(session);
  const asked = { members: members.filter(isOpen), watchers: watchers.filter(isOpen) };
  for (const session of await readers(judge, asked, cid, audience)) heard.add(session);
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

/** Those who are members, or watch, and may read the call now. */
async function readers(
  judge: Judge,
  { members, watchers }: Record<'members' | 'watchers', readonly SocketSession[]>,
  cid: CallCid,
  audience: StoredAudience,
): Promise<SocketSession[]> {
  if (members.length + watchers.length === 0) return [];
  return judge.database.read(async (snapshot) => {
    const many = audience.members === 'many' ? await membersNow(snapshot, cid) : undefined;
    const isMember = ({ userId }: SocketSession): boolean =>
      many === undefined || (many.has(userId) && !audience.except?.includes(userId));
    const asked = [...watchers, ...members.filter(isMember)];
    const refusals = await Promise.all(asked.map((session) => readRefusal(judge, snapshot, session, cid)));
    return asked.filter((_, at) => refusals[at] === null);
  });
}
