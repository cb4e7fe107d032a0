import { canonicalRole, type MemberRequest, type RoleName, type UserId } from '@callgate/contract';
import { inputError, notAllowed, notFound } from '../../kernel/errors.ts';
import { checkCustomSize } from '../call-types/index.ts';
import type { Act } from '../enforcement/index.ts';
import type { LoadedPolicy } from '../policy/index.ts';
import { requireRoles } from '../roles/index.ts';
import { findUsers, type UserRow } from '../users/index.ts';
import type { CallRow } from './calls.store.ts';

/** A member as a request wants it, checked. */
export interface WantedMember {
  user: UserRow;
  /** Undefined: as it is, or the default for a new member. */
  role: RoleName | undefined;
  custom: Record<string, unknown> | undefined;
  /** Where it stands in the request, for errors. */
  field: string;
}

export const CALL_MEMBER = 'call_member' as RoleName;
export const HOST = 'host' as RoleName;

/**
 * The members of a request with their users. 404/16 for a user who does not exist, 400/4 for somebody who is named
 * twice, a role that does not exist, too much custom data; 403/17 for a person of another team.
 */
export async function wantedMembers(
  act: Act,
  call: Pick<CallRow, 'team'>,
  list: readonly MemberRequest[],
  field: string,
): Promise<WantedMember[]> {
  const wanted = list.map((member, index) => ({
    ...member,
    role: member.role && canonicalRole(member.role),
    field: `${field}[${index}]`,
  }));
  const seen = new Set<UserId>();
  for (const { user_id, custom, field: at } of wanted) {
    if (seen.has(user_id)) throw inputError(`${at}.user_id`, 'was named before');
    seen.add(user_id);
    checkCustomSize(`${at}.custom`, custom);
  }
  const roles = wanted.flatMap(({ role, field: at }) => (role ? [{ field: `${at}.role`, role }] : []));
  const [users, app] = await Promise.all([
    findUsers(act.tx, [...seen]),
    act.policy.sources.app(act.tx),
    requireRoles(act.tx, roles),
  ]);
  return wanted.map(({ user_id, role, custom, field: at }) => {
    const user = users.get(user_id);
    if (!user || user.deleted_at !== null) throw notFound('user', user_id);
    if (app.multiTenant) demandTeam(user, call.team);
    return { user, role, custom, field: at };
  });
}

/** 403/17 unless the person may reach a call of this team; asked with multi-tenancy only. */
export function demandTeam(user: Pick<UserRow, 'id' | 'teams'>, team: string | null): void {
  const teams = JSON.parse(user.teams) as string[];
  if (team === null ? teams.length === 0 : teams.includes(team)) return;
  throw notAllowed(`user "${user.id}" does not belong to the team of the call`);
}

/**
 * A user token gives only roles of a lower rank than its own in the call, and none to itself (api.md 0.4): 403/17.
 * `kept` is the role that the person has already: naming it again asks for nothing.
 */
export async function demandRoleBelow(
  act: Act,
  actor: { id: UserId; rank: number } | undefined,
  member: { userId: UserId; role: RoleName | undefined; kept: RoleName | undefined },
): Promise<void> {
  if (!actor || member.role === undefined || member.role === member.kept) return;
  if (member.userId === actor.id) throw notAllowed('nobody changes their own role in a call');
  const ranks = await act.policy.sources.rankOf(act.tx);
  if ((ranks.get(member.role) ?? 0) >= actor.rank) {
    throw notAllowed(`the rank of the role "${member.role}" is not lower than yours`);
  }
}

/** Who gives roles: the user of the token with their rank in the call; undefined for the server. */
export const roleGiver = (
  act: Act,
  mine: LoadedPolicy | undefined,
): { id: UserId; rank: number } | undefined =>
  act.caller.kind === 'user' && mine ? { id: act.caller.userId, rank: mine.rank } : undefined;
