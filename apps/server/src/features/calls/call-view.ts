import { CAPABILITIES, type Capability, LIMITS, type UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import type { Handle } from '../../storage/database.ts';
import { requireCallType } from '../call-types/index.ts';
import type { LoadedPolicy } from '../policy/index.ts';
import { findUser, type UserRow } from '../users/index.ts';
import { effectiveSettings, isBackstage, sessionEndedAt } from './call.ts';
import { firstMembers, type MemberWithUser, membersNamed } from './call-members.store.ts';
import { blockedOn } from './call-view.store.ts';
import type { CallRow } from './calls.store.ts';
import { sessionView } from './session-view.ts';
import { shownUser } from './shown-user.ts';

/** What a server token may do in any call: everything. */
const EVERYTHING: readonly Capability[] = [...CAPABILITIES].sort();

/** Who looks at a call and how much of it they asked for. */
export interface Looking {
  now: number;
  /** The caller's policy in the call; undefined: a server token. */
  mine: LoadedPolicy | undefined;
  /** Default 25. */
  membersLimit?: number | undefined;
}

/** A member as lists and replies show one. */
export const memberResponse = (row: MemberWithUser, now: number) => ({
  user_id: row.id,
  user: shownUser(row, row.id, now),
  role: row.member_role,
  custom: JSON.parse(row.member_custom) as Record<string, unknown>,
  created_at: toTime(row.member_created_at),
  updated_at: toTime(row.member_updated_at),
});
export type ShownMember = ReturnType<typeof memberResponse>;

/** Sorted `own_capabilities`; all of them for a server token. */
export const ownCapabilities = (mine: LoadedPolicy | undefined): readonly Capability[] =>
  mine ? EVERYTHING.filter((capability) => mine.capabilities.has(capability)) : EVERYTHING;

const shownLists = new WeakMap<readonly MemberWithUser[], readonly ShownMember[]>();

/** Remembered rows are shown alike at any time, unless a ban among them ends. */
function membersShown(rows: readonly MemberWithUser[], now: number): readonly ShownMember[] {
  const known = shownLists.get(rows);
  if (known !== undefined) return known;
  const shown = rows.map((row) => memberResponse(row, now));
  if (Object.isFrozen(rows) && rows.every((row) => row.ban_expires_at === null)) shownLists.set(rows, shown);
  return shown;
}

/**
 * A call as the caller sees it: call, first members, own membership and capabilities (api.md 3.2). The hot path of
 * the API: what the call's row says is empty is not asked for.
 */
export async function callState(handle: Handle, row: CallRow, looking: Looking) {
  const { now, mine } = looking;
  const [members, blocked] = await Promise.all([
    firstMembers(handle, row.cid, looking.membersLimit ?? LIMITS.membersLimitDefault),
    blockedOn(handle, row.cid),
  ]);
  const withHidden = mine === undefined || mine.capabilities.has('join-hidden');
  const shown = membersShown(members, now);
  const [call, membership] = await Promise.all([
    callResponse(handle, row, { now, withHidden, blockedIds: blocked.ids, people: shown }),
    ownMembership(handle, row, shown, looking),
  ]);
  return {
    call,
    members: shown,
    own_capabilities: ownCapabilities(mine),
    ...(membership && { membership }),
    blocked_users: blocked.users.map((user) => shownUser(user, user.id, now)),
  };
}

/** The call as everybody may see it: for events. */
export async function callForEvent(handle: Handle, row: CallRow, now: number) {
  const blocked = await blockedOn(handle, row.cid);
  return callResponse(handle, row, { now, withHidden: false, blockedIds: blocked.ids, people: [] });
}

interface Shown {
  now: number;
  withHidden: boolean;
  blockedIds: readonly UserId[];
  /** Users that are shown already. */
  people: readonly Pick<ShownMember, 'user'>[];
}

async function callResponse(handle: Handle, row: CallRow, { now, withHidden, blockedIds, people }: Shown) {
  const type = await requireCallType(handle, row.type);
  const settings = effectiveSettings(type, row.settings_override);
  const [creator, session] = await Promise.all([
    creatorOf(handle, row, people, now),
    sessionView(handle, row, settings, { now, withHidden }),
  ]);
  const isRunning = row.session_emptied_at === null && sessionEndedAt(row, now) === null;
  return {
    type: row.type,
    id: row.id,
    cid: row.cid,
    created_by: creator,
    created_at: toTime(row.created_at),
    updated_at: toTime(row.updated_at),
    ...(row.starts_at !== null && { starts_at: toTime(row.starts_at) }),
    ...(row.ended_at !== null && { ended_at: toTime(row.ended_at) }),
    ...(row.team !== null && { team: row.team }),
    custom: JSON.parse(row.custom) as Record<string, unknown>,
    backstage: isBackstage(row, settings),
    recording: false,
    transcribing: false,
    settings,
    blocked_user_ids: blockedIds,
    current_session_id: isRunning ? (row.session_id ?? '') : '',
    ...(session && { session }),
  };
}

const creatorOf = async (
  handle: Handle,
  row: CallRow,
  people: Shown['people'],
  now: number,
): Promise<ShownMember['user']> => {
  const id = row.created_by_id;
  if (id === null) return shownUser(undefined, '' as UserId, now);
  const known = people.find(({ user }) => user.id === id);
  return known ? known.user : shownUser(await findUser(handle, id), id, now);
};

/** The caller's own membership, when it is not among the members that were read, is read apart. */
async function ownMembership(
  handle: Handle,
  row: CallRow,
  shown: readonly ShownMember[],
  { mine, now, membersLimit }: Looking,
): Promise<ShownMember | undefined> {
  const id = mine?.facts.person.id;
  if (!id) return undefined;
  const listed = shown.find((member) => member.user_id === id);
  if (listed || shown.length < (membersLimit ?? LIMITS.membersLimitDefault)) return listed;
  const [members, user] = await Promise.all([membersNamed(handle, row.cid, [id]), findUser(handle, id)]);
  const member = members.get(id);
  if (!member || !user) return undefined;
  return memberResponse(withUser(member, user), now);
}

/** A member's row as one read with the user's. */
export const withUser = (
  member: { role: MemberWithUser['role']; custom: string; created_at: number; updated_at: number },
  user: UserRow,
): MemberWithUser => ({
  ...user,
  member_role: member.role,
  member_custom: member.custom,
  member_created_at: member.created_at,
  member_updated_at: member.updated_at,
});
