import type { CallCid, PermissionRequestId } from '@callgate/contract';
import { inputError, notFound } from '../../kernel/errors.ts';
import type { Act } from '../enforcement/index.ts';
import { findRequest, type PermissionRequestRow } from './permission-requests.store.ts';

/** The request of this call with its person held against other acts, or 404/16. */
export async function requireRequest(
  act: Act,
  cid: CallCid,
  id: PermissionRequestId,
): Promise<PermissionRequestRow> {
  // Who asked never changes, so it may be read before the lock; the state is read again behind it.
  const unlocked = await findRequest(act.tx, cid, id);
  if (unlocked) await act.tx.lock(`pair:${cid}/${unlocked.user_id}`);
  const row = unlocked && (await findRequest(act.tx, cid, id));
  if (!row) throw notFound('permission request', id);
  return row;
}

/** True when the request is in this state already; 400/4 when it was answered otherwise. */
export function isAnsweredSo(row: PermissionRequestRow, state: PermissionRequestRow['state']): boolean {
  if (row.state === state) return true;
  if (row.state === 'pending') return false;
  throw inputError('request_id', `the request is ${row.state} already`);
}
