import type { CallCid } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { remembered } from '../../storage/remembered.ts';
import type { CallsTable } from '../../storage/tables.ts';

export type CallRow = CallsTable;

/** What acts change of a call; its session is changed apart, by joins and leaves. */
type Changeable = Pick<
  CallsTable,
  | 'cid'
  | 'custom'
  | 'settings_override'
  | 'backstage'
  | 'starts_at'
  | 'ended_at'
  | 'live_started_at'
  | 'live_ended_at'
  | 'updated_at'
>;
type SessionColumns = Pick<
  CallsTable,
  'cid' | 'session_id' | 'session_started_at' | 'session_emptied_at' | 'rings_since'
>;

const selectByCid = prepared<{ cid: CallCid }, CallRow>((db, p) =>
  db.selectFrom('calls').selectAll().where('cid', '=', p('cid')),
);
// Holding the row makes joins and leaves of one call happen one after another, so that each counts the others.
const selectHeld = prepared<{ cid: CallCid }, CallRow>((db, p, engine) => {
  const query = db.selectFrom('calls').selectAll().where('cid', '=', p('cid'));
  return engine === 'postgres' ? query.forUpdate() : query;
});
const insert = prepared<CallsTable, never>((db, p) =>
  db.insertInto('calls').values({
    cid: p('cid'),
    type: p('type'),
    id: p('id'),
    created_by_id: p('created_by_id'),
    team: p('team'),
    custom: p('custom'),
    settings_override: p('settings_override'),
    video: p('video'),
    backstage: p('backstage'),
    starts_at: p('starts_at'),
    ended_at: p('ended_at'),
    live_started_at: p('live_started_at'),
    live_ended_at: p('live_ended_at'),
    session_id: p('session_id'),
    session_started_at: p('session_started_at'),
    session_emptied_at: p('session_emptied_at'),
    rung_at: p('rung_at'),
    rings_since: p('rings_since'),
    seq: p('seq'),
    created_at: p('created_at'),
    updated_at: p('updated_at'),
  }),
);
const update = prepared<Changeable, never>((db, p) =>
  db
    .updateTable('calls')
    .set({
      custom: p('custom'),
      settings_override: p('settings_override'),
      backstage: p('backstage'),
      starts_at: p('starts_at'),
      ended_at: p('ended_at'),
      live_started_at: p('live_started_at'),
      live_ended_at: p('live_ended_at'),
      updated_at: p('updated_at'),
    })
    .where('cid', '=', p('cid')),
);
const updateSession = prepared<SessionColumns, never>((db, p) =>
  db
    .updateTable('calls')
    .set({
      session_id: p('session_id'),
      session_started_at: p('session_started_at'),
      session_emptied_at: p('session_emptied_at'),
      rings_since: p('rings_since'),
    })
    .where('cid', '=', p('cid')),
);

const updateRung = prepared<{ cid: CallCid; rung_at: number }, never>((db, p) =>
  db
    .updateTable('calls')
    .set({ rung_at: p('rung_at') })
    .where('cid', '=', p('cid')),
);

/** Rows that were read in a snapshot: policy and the reply ask for the same ones. Never of a transaction. */
const inSnapshot = new WeakMap<Handle, Map<CallCid, CallRow>>();

const callByCid = remembered((handle, cid: CallCid) => selectByCid.first(handle, { cid }));

export function findCall(handle: Handle, cid: CallCid): Promise<CallRow | undefined> {
  const known = inSnapshot.get(handle)?.get(cid);
  return known ? Promise.resolve(known) : callByCid(handle, cid);
}

/** Tells `findCall` rows that were read in a snapshot. Not for transactions: there, rows change. */
export function rememberCalls(snapshot: Handle, rows: readonly CallRow[]): void {
  inSnapshot.set(snapshot, new Map(rows.map((row) => [row.cid, row])));
}

/** The row, held until the transaction ends. */
export const holdCall = (tx: Tx, cid: CallCid): Promise<CallRow | undefined> => selectHeld.first(tx, { cid });

export const addCall = async (tx: Tx, row: CallRow): Promise<void> => void (await insert.all(tx, row));

/** Writes what an act changed; the call's session and number of events stay as they are. Hold `call:<cid>`. */
export const saveCall = async (tx: Tx, row: CallRow): Promise<void> =>
  void (await update.all(tx, {
    cid: row.cid,
    custom: row.custom,
    settings_override: row.settings_override,
    backstage: row.backstage,
    starts_at: row.starts_at,
    ended_at: row.ended_at,
    live_started_at: row.live_started_at,
    live_ended_at: row.live_ended_at,
    updated_at: row.updated_at,
  }));

/** Writes the call's session. The row must be held. */
export const saveCallSession = async (tx: Tx, session: SessionColumns): Promise<void> =>
  void (await updateSession.all(tx, session));

/** Notes that somebody rings in the call. Hold `call:<cid>`. */
export const noteRung = async (tx: Tx, cid: CallCid, rung_at: number): Promise<void> =>
  void (await updateRung.all(tx, { cid, rung_at }));
