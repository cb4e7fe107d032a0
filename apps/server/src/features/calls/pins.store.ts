import type { CallCid, SessionId, UserId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { CallPinsTable } from '../../storage/tables.ts';

const insert = prepared<CallPinsTable, { user_id: UserId }>((db, p) =>
  db
    .insertInto('call_pins')
    .values({
      cid: p('cid'),
      user_id: p('user_id'),
      session_id: p('session_id'),
      pinned_by_id: p('pinned_by_id'),
      pinned_at: p('pinned_at'),
    })
    .onConflict((conflict) => conflict.columns(['cid', 'user_id', 'session_id']).doNothing())
    .returning('user_id'),
);
const remove = prepared<{ cid: CallCid; user_id: UserId; session_id: SessionId }, CallPinsTable>((db, p) =>
  db
    .deleteFrom('call_pins')
    .where('cid', '=', p('cid'))
    .where('user_id', '=', p('user_id'))
    .where('session_id', '=', p('session_id'))
    .returningAll(),
);

/** False when the session is pinned already. */
export const addPin = async (tx: Tx, pin: CallPinsTable): Promise<boolean> =>
  (await insert.first(tx, pin)) !== undefined;

/** The pin that was there, or undefined. */
export const removePin = (
  tx: Tx,
  pin: { cid: CallCid; user_id: UserId; session_id: SessionId },
): Promise<CallPinsTable | undefined> => remove.first(tx, pin);
