import type { UpsertUsersRequest, UserId, UserRequest } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { requireRoles } from '../roles/index.ts';
import { lockUsers, recordChanges, shownUsers, type UserChange } from './record-changes.ts';
import { isReservedId, type ShownUserResponse } from './user.ts';
import { askedRole, demandCustomFits, replacedUser } from './user-change.ts';
import { findUsers } from './users.store.ts';

/**
 * Creates or replaces up to 100 users, all or none. Server tokens only. Always 201. The first bad user is named by
 * its path, e.g. `users.sara.role`. Users who are as asked already are left alone (rules USR1..).
 */
export function upsertUsers(
  acts: Acts,
  request: ActRequest,
  input: UpsertUsersRequest,
): Promise<ActReply<{ users: Record<string, ShownUserResponse> }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const asked = Object.entries(input.users);
    for (const [key, user] of asked) checkRequest(key, user);
    const ids = asked.map(([, user]) => user.id);
    await lockUsers(act.tx, ids);
    await requireRoles(
      act.tx,
      asked.map(([key, { role }]) => ({ field: `users.${key}.role`, role: askedRole(role) })),
    );
    const existing = await findUsers(act.tx, ids);

    act.created();
    const changes = asked.map(([, user]): UserChange => {
      const before = existing.get(user.id);
      const after = replacedUser(before, user, user.id, act.now);
      const isNew = before === undefined || before.deleted_at !== null;
      return { before, after, event: isNew ? 'user.created' : 'user.updated' };
    });
    await recordChanges(act, 'user.upsert', changes);
    const rows = changes.map(({ after }) => after);
    return { users: await shownUsers(act, rows) };
  });
}

function checkRequest(key: string, user: UserRequest & { id: UserId }): void {
  if (user.id !== key) throw inputError(`users.${key}.id`, 'must equal the key that the user stands under');
  if (isReservedId(user.id)) {
    throw inputError(`users.${key}.id`, 'begins with a prefix that is reserved for ids made by the server');
  }
  demandCustomFits(JSON.stringify(user.custom ?? {}), `users.${key}.custom`);
}
