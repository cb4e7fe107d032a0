import type { CallCid } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { CallsTable } from '../../storage/tables.ts';

export type CallRow = CallsTable;

const selectByCid = prepared<{ cid: CallCid }, CallRow>((db, p) =>
  db.selectFrom('calls').selectAll().where('cid', '=', p('cid')),
);

export const findCall = (handle: Handle, cid: CallCid): Promise<CallRow | undefined> =>
  selectByCid.first(handle, { cid });
