import type { Row } from './rows.ts';
import type { Beginning } from './scene.ts';

/*
 * Who may read which call, written from docs/spec/permissions.md without the server's code.
 */

export interface State {
  people: Record<string, { role: string; teams: readonly string[]; deactivated: boolean }>;
  calls: Record<
    string,
    {
      type: string;
      team: string | null;
      by: string;
      members: Readonly<Record<string, string>>;
      blocked: readonly string[];
      banned: readonly string[];
      /** Person -> whether `read-call` was granted to them or revoked. */
      said: Readonly<Record<string, boolean>>;
    }
  >;
  readers: Readonly<Record<string, readonly string[]>>;
}

export function firstState({ people, calls, readers }: Beginning): State {
  return {
    people: mapped(people, (is) => ({ ...is, deactivated: false })),
    calls: mapped(calls, (is) => ({ ...is, blocked: [], banned: [], said: {} })),
    readers,
  };
}

const mapped = <A, B>(from: Record<string, A>, to: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(from).map(([key, value]) => [key, to(value)]));

/** Whether a person may read a call. */
export function mayRead({ people, calls, readers }: State, id: string, cid: string): boolean {
  const [person, call] = [people[id], calls[cid]];
  if (!person || !call || person.deactivated) return false;
  const isSameTeam = call.team === null ? person.teams.length === 0 : person.teams.includes(call.team);
  if (!isSameTeam || call.blocked.includes(id) || call.banned.includes(id)) return false;
  const said = call.said[id];
  if (said !== undefined) return said;
  const inCall = call.members[id] ?? (call.by === id ? 'host' : undefined);
  return [person.role, inCall].some((role) => role !== undefined && readers[call.type]?.includes(role));
}

/** Whom an event is about: they hear it whatever becomes of them. */
export function namedBy({ type, payload }: Row): readonly string[] {
  const { user, user_id, user_ids, participant, members = [] } = payload;
  if (type === 'user.blocked' || type === 'user.unblocked') return user_id ? [user_id] : [];
  if (type === 'user.deactivated' || type === 'user.reactivated') return [];
  if (type === 'call.user_muted') return user_ids ?? [];
  if (type === 'call.member_removed') return members.map(idOf);
  if (type.startsWith('call.session_participant_')) return participant ? [participant.user.id] : [];
  return user && ABOUT_USER.has(type) ? [user.id] : [];
}
const ABOUT_USER = new Set([
  'user.updated',
  'user.banned',
  'user.unbanned',
  'call.blocked_user',
  'call.unblocked_user',
  'call.kicked_user',
  'call.permissions_updated',
]);

/** Whether those hear an event who watch its call. */
export const isForWatchers = ({ type, cid }: Row): boolean => cid !== null && type.startsWith('call.');

/** Whether the members of the call hear it. */
export const isForMembers = ({ type }: Row): boolean =>
  type.startsWith('call.member_') || type === 'call.live_started' || type === 'call.ended';

const idOf = (member: string | { user_id: string }): string =>
  typeof member === 'string' ? member : member.user_id;

/** What an event says has changed. `isGranted`: whether the act behind a change of permissions grants. */
export function after(state: State, row: Row, isGranted: (row: Row) => boolean): State {
  const { type, cid, payload } = row;
  const { user, call_type } = payload;
  if (type === 'call_type.updated' && call_type) {
    const readers = Object.entries(call_type.grants).flatMap(([role, list]) =>
      list.includes('read-call') ? [role] : [],
    );
    return { ...state, readers: { ...state.readers, [call_type.name]: readers } };
  }
  if (cid !== null)
    return { ...state, calls: { ...state.calls, [cid]: callAfter(state, row, cid, isGranted) } };
  const before = user && state.people[user.id];
  if (!before) return state;
  const now = { ...before };
  // Only here: others show the person as their act read them, which may be older than the event's place.
  if (type === 'user.updated') Object.assign(now, { role: user.role, teams: user.teams });
  if (type === 'user.deactivated') now.deactivated = true;
  if (type === 'user.reactivated') now.deactivated = false;
  return { ...state, people: { ...state.people, [user.id]: now } };
}

type Call = State['calls'][string];

function callAfter(state: State, row: Row, cid: string, isGranted: (row: Row) => boolean): Call {
  const call = state.calls[cid];
  const id = row.payload.user?.id ?? '';
  if (!call) throw new Error(`an event of ${cid}, which nobody made`);
  const without = (ids: readonly string[]): string[] => ids.filter((one) => one !== id);
  const changes: Record<string, () => Partial<Call>> = {
    'call.blocked_user': () => ({ blocked: [...without(call.blocked), id] }),
    'call.unblocked_user': () => ({ blocked: without(call.blocked) }),
    'user.banned': () => ({ banned: [...without(call.banned), id] }),
    'user.unbanned': () => ({ banned: without(call.banned) }),
    'call.permissions_updated': () => ({ said: { ...call.said, [id]: isGranted(row) } }),
    'call.member_added': () => ({ members: { ...call.members, ...rolesOf(row) } }),
    'call.member_updated_permission': () => ({ members: { ...call.members, ...rolesOf(row) } }),
    'call.member_removed': () => {
      const gone = (row.payload.members ?? []).map(idOf);
      const kept = Object.entries(call.members).filter(([one]) => !gone.includes(one));
      return { members: Object.fromEntries(kept) };
    },
  };
  return { ...call, ...changes[row.type]?.() };
}

const rolesOf = ({ payload }: Row): Record<string, string> =>
  Object.fromEntries(
    (payload.members ?? []).flatMap((member) =>
      typeof member === 'string' ? [] : [[member.user_id, member.role]],
    ),
  );
