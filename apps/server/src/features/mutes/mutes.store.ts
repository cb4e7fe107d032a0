import type { CallCid, TrackKind, UserId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { CallMutesTable } from '../../storage/tables.ts';

const insert = prepared<CallMutesTable, { user_id: UserId }>((db, p) =>
  db
    .insertInto('call_mutes')
    .values({
      cid: p('cid'),
      user_id: p('user_id'),
      kind: p('kind'),
      muted_by_id: p('muted_by_id'),
      muted_at: p('muted_at'),
    })
    .onConflict((conflict) => conflict.columns(['cid', 'user_id', 'kind']).doNothing())
    .returning('user_id'),
);
const selectOfCall = prepared<{ cid: CallCid }, { user_id: UserId; kind: TrackKind }>((db, p) =>
  db
    .selectFrom('call_mutes')
    .select(['user_id', 'kind'])
    .where('cid', '=', p('cid'))
    .orderBy('user_id')
    .orderBy('kind'),
);

const selectOfPair = prepared<{ cid: CallCid; user_id: UserId }, { kind: TrackKind }>((db, p) =>
  db.selectFrom('call_mutes').select('kind').where('cid', '=', p('cid')).where('user_id', '=', p('user_id')),
);
const remove = prepared<{ cid: CallCid; user_id: UserId; kind: TrackKind }, { kind: TrackKind }>((db, p) =>
  db
    .deleteFrom('call_mutes')
    .where('cid', '=', p('cid'))
    .where('user_id', '=', p('user_id'))
    .where('kind', '=', p('kind'))
    .returning('kind'),
);

/** Writes the records that are missing; resolves with those that are new. */
export async function addMutes(tx: Tx, rows: readonly CallMutesTable[]): Promise<CallMutesTable[]> {
  const added = await Promise.all(rows.map((row) => insert.first(tx, row)));
  return rows.filter((_, at) => added[at] !== undefined);
}

/** The kinds muted in a call, by person. */
export async function mutesOfCall(handle: Handle, cid: CallCid): Promise<Map<UserId, TrackKind[]>> {
  const byUser = new Map<UserId, TrackKind[]>();
  for (const { user_id, kind } of await selectOfCall.all(handle, { cid })) {
    byUser.set(user_id, [...(byUser.get(user_id) ?? []), kind]);
  }
  return byUser;
}

/** The kinds of one person that are muted in a call. */
export const mutedKindsOf = async (
  handle: Handle,
  cid: CallCid,
  user_id: UserId,
): Promise<ReadonlySet<TrackKind>> =>
  new Set((await selectOfPair.all(handle, { cid, user_id })).map(({ kind }) => kind));

/** False when there was none. */
export const removeMute = async (
  tx: Tx,
  of: { cid: CallCid; user_id: UserId; kind: TrackKind },
): Promise<boolean> => (await remove.first(tx, of)) !== undefined;
