import type { CallCid, ConnectionId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { WatchesTable } from '../../storage/tables.ts';

export type WatchRow = WatchesTable;

/** Begins behind the call's last event; a watch that goes on stays as it is. */
const insertWatch = prepared<{ connection_id: ConnectionId; cid: CallCid }, never>((db, p) =>
  db
    .insertInto('watches')
    .columns(['connection_id', 'cid', 'from_seq'])
    .expression((eb) =>
      eb
        .selectFrom('calls')
        .select([p('connection_id').as('connection_id'), 'calls.cid', 'calls.seq'])
        .where('calls.cid', '=', p('cid')),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['connection_id', 'cid'])
        .doUpdateSet((eb) => ({ from_seq: eb.ref('excluded.from_seq'), to_seq: null, reason: null }))
        .where('watches.to_seq', 'is not', null),
    ),
);
const selectOne = prepared<{ connection_id: ConnectionId; cid: CallCid }, WatchRow>((db, p) =>
  db
    .selectFrom('watches')
    .selectAll()
    .where('connection_id', '=', p('connection_id'))
    .where('cid', '=', p('cid')),
);
const selectOfConnection = prepared<{ connection_id: ConnectionId }, WatchRow>((db, p) =>
  db.selectFrom('watches').selectAll().where('connection_id', '=', p('connection_id')).orderBy('cid'),
);
const countOfConnection = prepared<{ connection_id: ConnectionId }, { watches: number }>((db, p) =>
  db
    .selectFrom('watches')
    .select((eb) => eb.fn.countAll<number>().as('watches'))
    .where('connection_id', '=', p('connection_id'))
    .where('to_seq', 'is', null),
);
const end = prepared<{ connection_id: ConnectionId; cid: CallCid; to_seq: number; reason: string }, never>(
  (db, p) =>
    db
      .updateTable('watches')
      .set({ to_seq: p('to_seq'), reason: p('reason') })
      .where('connection_id', '=', p('connection_id'))
      .where('cid', '=', p('cid'))
      .where('to_seq', 'is', null),
);

/** Makes a connection watch a call from now on, and answers the watch. */
export async function addWatch(
  tx: Tx,
  connection_id: ConnectionId,
  cid: CallCid,
): Promise<WatchRow | undefined> {
  await insertWatch.all(tx, { connection_id, cid });
  return selectOne.first(tx, { connection_id, cid });
}

export const watchesOf = (handle: Handle, connection_id: ConnectionId): Promise<WatchRow[]> =>
  selectOfConnection.all(handle, { connection_id });

/** Watches of a connection that go on. */
export const countWatches = async (handle: Handle, connection_id: ConnectionId): Promise<number> =>
  (await countOfConnection.first(handle, { connection_id }))?.watches ?? 0;

/** The watch covers nothing behind `to_seq`. */
export const endWatch = async (
  tx: Tx,
  watch: { connection_id: ConnectionId; cid: CallCid; to_seq: number; reason: string },
): Promise<void> => void (await end.all(tx, watch));
