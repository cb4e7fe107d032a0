import type { CallCid, UserId } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';

const selectEpoch = prepared<{ cid: CallCid; user_id: UserId }, { epoch: number }>((db, p) =>
  db
    .selectFrom('call_epochs')
    .select('epoch')
    .where('cid', '=', p('cid'))
    .where('user_id', '=', p('user_id')),
);

/** The person's epoch in a call: 0 until they are kicked for the first time. */
export const epochOf = async (handle: Handle, cid: CallCid, userId: UserId): Promise<number> =>
  (await selectEpoch.first(handle, { cid, user_id: userId }))?.epoch ?? 0;
