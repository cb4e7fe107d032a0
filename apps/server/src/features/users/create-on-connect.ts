import type { UserId } from '@callgate/contract';
import { notAllowed } from '../../kernel/errors.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { lockUsers, recordChanges } from './record-changes.ts';
import { isReservedId } from './user.ts';
import { blankUser } from './user-change.ts';
import { findUser } from './users.store.ts';

/**
 * Makes the user of a valid token who is not there yet, with the role `user` whatever the token claims (api.md
 * section 1). 403/17 with multi-tenancy on and for ids that only the server makes. A user who is there by now, a
 * tombstone too, is left alone.
 */
export async function createOnConnect(acts: Acts, request: ActRequest, id: UserId): Promise<void> {
  await acts.perform(request, async (act) => {
    await lockUsers(act.tx, [id]);
    const [{ multiTenant }, existing] = await Promise.all([
      act.policy.sources.app(act.tx),
      findUser(act.tx, id),
    ]);
    if (existing) return {};
    if (isReservedId(id))
      throw notAllowed(`user "${id}" does not exist, and ids like this are made by the server`);
    if (multiTenant) {
      throw notAllowed(
        `user "${id}" does not exist; with multi-tenancy on, users are created by server tokens`,
      );
    }
    const after = blankUser(id, act.now);
    await recordChanges(act, 'user.create', [{ before: undefined, after, event: 'user.created' }]);
    return {};
  });
}
