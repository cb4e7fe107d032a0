import type { CallCid, UserId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { type Builder, prepared } from '../../storage/prepared.ts';
import type { CallBlocksTable } from '../../storage/tables.ts';
import type { PersonInCall } from '../calls/index.ts';

const insert = prepared<CallBlocksTable, { user_id: UserId }>((db, p) =>
  db
    .insertInto('call_blocks')
    .values({
      cid: p('cid'),
      user_id: p('user_id'),
      blocked_by_id: p('blocked_by_id'),
      created_at: p('created_at'),
    })
    .onConflict((conflict) => conflict.columns(['cid', 'user_id']).doNothing())
    .returning('user_id'),
);
const remove = prepared<{ cid: CallCid; user_id: UserId }, CallBlocksTable>((db, p) =>
  db.deleteFrom('call_blocks').where('cid', '=', p('cid')).where('user_id', '=', p('user_id')).returningAll(),
);
const selectOfCall = prepared<{ cid: CallCid }, { user_id: UserId }>((db, p) =>
  db
    .selectFrom('call_blocks')
    .select('user_id')
    .where('cid', '=', p('cid'))
    .orderBy('created_at')
    .orderBy('user_id'),
);

/** False when the person was blocked already. */
export const addBlock = async (tx: Tx, row: CallBlocksTable): Promise<boolean> =>
  (await insert.first(tx, row)) !== undefined;

/** The block that was there, or undefined. */
export const removeBlock = (tx: Tx, cid: CallCid, user_id: UserId): Promise<CallBlocksTable | undefined> =>
  remove.first(tx, { cid, user_id });

/** As a column: the person's id where they are blocked, null where not. */
export const blockOf = (db: Builder, { cid, userId }: PersonInCall) =>
  db.selectFrom('call_blocks').select('user_id').where('cid', '=', cid).where('user_id', '=', userId);

/** Ids of the people blocked on the call, first blocked first. */
export const blockedUserIds = async (handle: Handle, cid: CallCid): Promise<UserId[]> =>
  (await selectOfCall.all(handle, { cid })).map((row) => row.user_id);
