import { isDeepStrictEqual } from 'node:util';
import type { MemberRequest, UserId } from '@callgate/contract';
import type { Act } from '../enforcement/index.ts';
import { actorOf, rankOfTarget } from '../enforcement/index.ts';
import { demandOutranks, type LoadedPolicy } from '../policy/index.ts';
import {
  type MemberRow,
  type MemberWithUser,
  membersNamed,
  removeMembers,
  saveMembers,
} from './call-members.store.ts';
import { callForEvent, memberResponse, withUser } from './call-view.ts';
import type { CallRow } from './calls.store.ts';
import { CALL_MEMBER, demandRoleBelow, HOST, roleGiver, type WantedMember, wantedMembers } from './member.ts';

/** What a request does to the members of a call. */
export interface WantedChanges {
  update: readonly MemberRequest[];
  remove?: readonly UserId[];
  /** Where `update` stands in the request, for errors. */
  field: string;
}

/** What changed, by kind of event. */
export interface MemberChanges {
  /** Those whom the request named to add or change, changed or not. */
  named: MemberWithUser[];
  added: MemberWithUser[];
  updated: MemberWithUser[];
  roleChanged: MemberWithUser[];
  removed: UserId[];
  /** People who changed in any way. */
  count: number;
  /** For the audit log. */
  before: unknown[];
  after: unknown[];
}

export const NO_MEMBER_CHANGES: MemberChanges = {
  named: [],
  added: [],
  updated: [],
  roleChanged: [],
  removed: [],
  count: 0,
  before: [],
  after: [],
};

/**
 * Adds, changes and removes members, all or none. The caller of this function holds `call:<cid>` and has asked the
 * capabilities; rank and roles are asked here. Members who are named as they are do not change.
 */
export async function changeMembers(
  act: Act,
  mine: LoadedPolicy | undefined,
  call: CallRow,
  wanted: WantedChanges,
): Promise<MemberChanges> {
  const update = await wantedMembers(act, call, wanted.update, wanted.field);
  const removeIds = [...new Set(wanted.remove ?? [])];
  const known = await membersNamed(act.tx, call.cid, [...update.map(({ user }) => user.id), ...removeIds]);
  const removed = removeIds.filter((id) => known.has(id));
  await demandRanks(act, mine, call, { update, removed, known });

  const rows = update.map((member) => ({
    ...member,
    was: known.get(member.user.id),
    is: rowOf(act, call, member, known),
  }));
  const changed = rows.filter(({ was, is }) => was !== is);
  await saveMembers(
    act.tx,
    changed.map(({ is }) => is),
  );
  await removeMembers(act.tx, call.cid, removed);
  const shown = (list: typeof rows) => list.map(({ is, user }) => withUser(is, user));
  return {
    named: shown(rows),
    added: shown(changed.filter(({ was }) => !was)),
    updated: shown(changed.filter(({ was, is }) => was && was.custom !== is.custom)),
    roleChanged: shown(changed.filter(({ was, is }) => was && was.role !== is.role)),
    removed,
    count: changed.length + removed.length,
    before: [
      ...changed.flatMap(({ was }) => (was ? [audited(was)] : [])),
      ...removed.flatMap((id) => auditedOf(known, id)),
    ],
    after: changed.map(({ is }) => audited(is)),
  };
}

/** The row as it shall be; the same object when nothing changes. */
function rowOf(
  act: Act,
  call: CallRow,
  { user, role, custom }: WantedMember,
  known: ReadonlyMap<UserId, MemberRow>,
): MemberRow {
  const was = known.get(user.id);
  const byDefault = user.id === call.created_by_id ? HOST : CALL_MEMBER;
  const is: MemberRow = {
    cid: call.cid,
    user_id: user.id,
    role: role ?? was?.role ?? byDefault,
    custom: custom === undefined ? (was?.custom ?? '{}') : JSON.stringify(custom),
    created_at: was?.created_at ?? act.now,
    updated_at: act.now,
  };
  const isSame =
    was && was.role === is.role && isDeepStrictEqual(JSON.parse(was.custom), JSON.parse(is.custom));
  return isSame ? was : is;
}

/** A user token changes and removes only members of lower rank, itself apart; roles as `demandRoleBelow` says. */
async function demandRanks(
  act: Act,
  mine: LoadedPolicy | undefined,
  call: CallRow,
  {
    update,
    removed,
    known,
  }: { update: WantedMember[]; removed: UserId[]; known: ReadonlyMap<UserId, MemberRow> },
): Promise<void> {
  if (!mine) return;
  const actor = actorOf(act.caller, mine);
  const own = mine.facts.person.id;
  const touched = [
    ...update.flatMap(({ user, field }) =>
      known.has(user.id) ? [{ id: user.id, field: `${field}.user_id` }] : [],
    ),
    ...removed.map((id) => ({ id, field: 'remove_members' })),
  ];
  for (const { id, field } of touched) {
    if (id === own) continue;
    demandOutranks(actor, { id, rank: await rankOfTarget(act, call.cid, id) }, field);
  }
  for (const { user, role } of update) {
    const kept = known.get(user.id)?.role ?? (user.id === call.created_by_id ? HOST : CALL_MEMBER);
    await demandRoleBelow(act, roleGiver(act, mine), { userId: user.id, role, kept });
  }
}

const audited = ({ user_id, role, custom }: MemberRow) => ({
  user_id,
  role,
  custom: JSON.parse(custom) as unknown,
});
const auditedOf = (known: ReadonlyMap<UserId, MemberRow>, id: UserId) => {
  const row = known.get(id);
  return row ? [audited(row)] : [];
};

/** One event per kind of change, and the sessions of the people concerned. */
export async function stateMemberEvents(act: Act, call: CallRow, changes: MemberChanges): Promise<void> {
  if (changes.count === 0) return;
  const { cid } = call;
  const shownCall = await callForEvent(act.tx, call, act.now);
  const state = (type: string, members: MemberWithUser[]) => {
    if (members.length === 0) return;
    const shown = members.map((member) => memberResponse(member, act.now));
    act.event({
      type,
      cid,
      audience: { members: true, watchers: true },
      payload: { call: shownCall, members: shown },
    });
  };
  state('call.member_added', changes.added);
  state('call.member_updated', changes.updated);
  state('call.member_updated_permission', changes.roleChanged);
  if (changes.removed.length > 0) {
    const audience = { members: true, watchers: true, users: changes.removed } as const;
    act.event({
      type: 'call.member_removed',
      cid,
      audience,
      payload: { call: shownCall, members: changes.removed },
    });
  }
  const people = [...changes.added, ...changes.roleChanged].map((member) => member.id);
  for (const userId of [...people, ...changes.removed]) act.enforce({ userId, cid });
}
