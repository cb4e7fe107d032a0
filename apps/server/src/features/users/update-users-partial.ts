import type { UpdateUsersPartialRequest, UserId, UserPartialUpdate } from '@callgate/contract';
import { inputError, notAllowed, notFound } from '../../kernel/errors.ts';
import type { Act, ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { requireRoles } from '../roles/index.ts';
import { callerPerson, demandSameTeam } from './caller-person.ts';
import { lockUsers, recordChanges, shownUsers } from './record-changes.ts';
import type { ShownUserResponse } from './user.ts';
import { askedRole, mergedUser } from './user-change.ts';
import { findUsers, type UserRow } from './users.store.ts';

/**
 * Sets and clears single fields of up to 100 users, all or none. A user token changes its own profile; with the
 * rank of a moderator also that of people of lower rank; never role, teams or the date of revocation: 403/17.
 */
export function updateUsersPartial(
  acts: Acts,
  request: ActRequest,
  input: UpdateUsersPartialRequest,
): Promise<ActReply<{ users: Record<string, ShownUserResponse> }>> {
  return acts.perform(request, async (act) => {
    const { users } = input;
    const ids = users.map(({ id }) => id);
    demandOnce(ids);
    await lockUsers(act.tx, ids);
    if (act.caller.kind !== 'server') users.forEach(demandProfileOnly);
    const existing = await findUsers(act.tx, ids);
    if (act.caller.kind !== 'server') await demandReach(act, ids, existing);
    await requireRoles(act.tx, namedRoles(users));

    const changes = users.map((update, index) => {
      const before = existing.get(update.id);
      if (!before || before.deleted_at !== null) throw notFound('user', update.id);
      const after = mergedUser(before, update, `users.${index}`, act.now);
      return { before, after, event: 'user.updated' as const };
    });
    await recordChanges(act, 'user.update', changes);
    return {
      users: await shownUsers(
        act,
        changes.map(({ after }) => after),
      ),
    };
  });
}

function demandOnce(ids: readonly UserId[]): void {
  ids.forEach((id, index) => {
    if (ids.indexOf(id) !== index) throw inputError(`users.${index}.id`, `user "${id}" was named before`);
  });
}

const namedRoles = (users: readonly UserPartialUpdate[]) =>
  users.flatMap(({ set }, index) =>
    set?.role === undefined ? [] : [{ field: `users.${index}.set.role`, role: askedRole(set.role) }],
  );

/** Fields that only a server token may set or clear. */
const SERVER_FIELDS = ['role', 'teams', 'revoke_tokens_issued_before'] as const;

function demandProfileOnly({ set = {}, unset = [] }: UserPartialUpdate, index: number): void {
  const field = SERVER_FIELDS.find((name) => Object.hasOwn(set, name) || unset.includes(name));
  if (field) throw notAllowed(`users.${index}: only a server token may change ${field}`);
}

/** Oneself; with rank 300 or more also people of lower rank in one's teams. A missing user is told only then. */
async function demandReach(
  act: Act,
  ids: readonly UserId[],
  existing: ReadonlyMap<UserId, UserRow>,
): Promise<void> {
  const caller = await callerPerson(act);
  const ranks = await act.policy.sources.rankOf(act.tx);
  for (const id of ids) {
    if (id === caller.id) continue;
    if (caller.rank < MODERATOR_RANK) throw notAllowed('a user token changes its own user only');
    const row = existing.get(id);
    if (!row || row.deleted_at !== null) throw notFound('user', id);
    await demandSameTeam(act, caller.teams, JSON.parse(row.teams) as string[]);
    if ((ranks.get(row.role) ?? 0) >= caller.rank) {
      throw notAllowed(`the rank of user "${id}" is not lower than yours`);
    }
  }
}

/** Admins, moderators and custom roles of their rank. */
const MODERATOR_RANK = 300;
