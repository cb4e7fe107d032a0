import type { UserId } from '@callgate/contract';
import { notAllowed } from '../../kernel/errors.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { lockUsers, recordChanges } from './record-changes.ts';
import { isReservedId } from './user.ts';
import { blankUser } from './user-change.ts';
import { findUser } from './users.store.ts';

/**
 * Makes the user of a valid token who is not there yet, with the role `user`; nothing when somebody else was faster.
 * 403/17 with multi-tenancy on and for reserved ids: those are made by server tokens and by the server.
 */
export async function registerUser(
  acts: Acts,
  request: Omit<ActRequest, 'caller' | 'idempotency'>,
  id: UserId,
): Promise<void> {
  const token = { issuedAt: null, expiresAt: null, callCids: null, role: null };
  await acts.perform({ ...request, caller: { kind: 'user', userId: id, token } }, async (act) => {
    await lockUsers(act.tx, [id]);
    const { multiTenant } = await act.policy.sources.app(act.tx);
    if (multiTenant || isReservedId(id)) throw notAllowed(`user "${id}" is made by a server token only`);
    if (await findUser(act.tx, id)) return {};
    const after = blankUser(id, act.now);
    await recordChanges(act, 'user.create', [{ before: undefined, after, event: 'user.created' }]);
    return {};
  });
}
