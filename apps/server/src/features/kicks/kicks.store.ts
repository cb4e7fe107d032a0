import type { CallCid, UserId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';

type Pair = { cid: CallCid; user_id: UserId };

const selectAnySession = prepared<Pair, { id: string }>((db, p) =>
  db
    .selectFrom('media_sessions')
    .select('id')
    .where('cid', '=', p('cid'))
    .where('user_id', '=', p('user_id'))
    .where('state', 'in', ['issued', 'pending', 'active'])
    // Sessions of a lower epoch were kicked already and only wait to be ended: a kick at the same time is no second one.
    .where((eb) =>
      eb(
        'epoch',
        '>=',
        eb.fn.coalesce(
          eb
            .selectFrom('call_epochs')
            .select('call_epochs.epoch')
            .where('call_epochs.cid', '=', p('cid'))
            .where('call_epochs.user_id', '=', p('user_id')),
          eb.val(0),
        ),
      ),
    )
    .limit(1),
);
const raise = prepared<Pair, { epoch: number }>((db, p) =>
  db
    .insertInto('call_epochs')
    .values({ cid: p('cid'), user_id: p('user_id'), epoch: 1 })
    .onConflict((conflict) =>
      conflict.columns(['cid', 'user_id']).doUpdateSet((eb) => ({ epoch: eb('call_epochs.epoch', '+', 1) })),
    )
    .returning('epoch'),
);

/** Whether the person has a session or an unused join token that a kick would end. */
export const isThere = async (handle: Handle, cid: CallCid, user_id: UserId): Promise<boolean> =>
  (await selectAnySession.first(handle, { cid, user_id })) !== undefined;

/** Voids every session and join token of the person in this call so far; resolves with the new epoch. */
export async function raiseEpoch(tx: Tx, cid: CallCid, user_id: UserId): Promise<number> {
  const row = await raise.first(tx, { cid, user_id });
  if (!row) throw new Error('raising an epoch returned no row');
  return row.epoch;
}
