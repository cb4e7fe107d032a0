import type { CallCid } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import { type CallRow, findCall } from './calls.store.ts';

/** The call, or 404/16. */
export async function requireCall(handle: Handle, cid: CallCid): Promise<CallRow> {
  const row = await findCall(handle, cid);
  if (!row) throw notFound('call', cid);
  return row;
}
