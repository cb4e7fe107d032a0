import type { ConnectionId, UserId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { ConnectionsTable } from '../../storage/tables.ts';

export type ConnectionRow = ConnectionsTable;

/** Why connections of a process that seemed dead are closed. */
const LOST = 'lost';

const insert = prepared<{ id: ConnectionId; user_id: UserId; node: string; now: number }, never>((db, p) =>
  db.insertInto('connections').values({
    id: p('id'),
    user_id: p('user_id'),
    node: p('node'),
    opened_at: p('now'),
    closed_at: null,
    close_reason: null,
  }),
);
const select = prepared<{ id: ConnectionId }, ConnectionRow>((db, p) =>
  db.selectFrom('connections').selectAll().where('id', '=', p('id')),
);
/** Of a person's own connections only, and only while it may be resumed. */
const reopen = prepared<{ id: ConnectionId; user_id: UserId; node: string; since: number }, ConnectionRow>(
  (db, p) =>
    db
      .updateTable('connections')
      .set({ node: p('node'), closed_at: null, close_reason: null })
      .where('id', '=', p('id'))
      .where('user_id', '=', p('user_id'))
      .where((eb) => eb.or([eb('closed_at', 'is', null), eb('closed_at', '>=', p('since'))]))
      .returningAll(),
);
const close = prepared<{ id: ConnectionId; node: string; now: number; reason: string }, never>((db, p) =>
  db
    .updateTable('connections')
    .set({ closed_at: p('now'), close_reason: p('reason') })
    .where('id', '=', p('id'))
    .where('node', '=', p('node'))
    .where((eb) => eb.or([eb('closed_at', 'is', null), eb('close_reason', '=', LOST)])),
);
/** Connections of processes that hold no lease any more. */
const closeLost = prepared<{ now: number }, never>((db, p) =>
  db
    .updateTable('connections')
    .set({ closed_at: p('now'), close_reason: LOST })
    .where('closed_at', 'is', null)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('leases')
            .select('leases.name')
            .whereRef('leases.name', '=', 'connections.node')
            .where('leases.expires_at', '>', p('now')),
        ),
      ),
    ),
);
const reopenLost = prepared<{ node: string }, never>((db, p) =>
  db
    .updateTable('connections')
    .set({ closed_at: null, close_reason: null })
    .where('closed_at', 'is not', null)
    .where('close_reason', '=', LOST)
    .where('node', '=', p('node')),
);
const deleteClosed = prepared<{ before: number }, never>((db, p) =>
  db.deleteFrom('connections').where('closed_at', '<', p('before')),
);

export const addConnection = async (
  tx: Tx,
  row: { id: ConnectionId; user_id: UserId; node: string; now: number },
): Promise<void> => void (await insert.all(tx, row));

export const findConnection = (handle: Handle, id: ConnectionId): Promise<ConnectionRow | undefined> =>
  select.first(handle, { id });

/** Takes over a connection of the person that is open, or was closed at `since` at the earliest. */
export const reopenConnection = (
  tx: Tx,
  row: { id: ConnectionId; user_id: UserId; node: string; since: number },
): Promise<ConnectionRow | undefined> => reopen.first(tx, row);

/** Does nothing when another process has taken the connection over. */
export const closeConnection = async (
  tx: Tx,
  row: { id: ConnectionId; node: string; now: number; reason: string },
): Promise<void> => void (await close.all(tx, row));

/** Closes what crashed processes left open. `node` of a connection names the lease of its process. */
export const closeLostConnections = async (tx: Tx, now: number): Promise<void> =>
  void (await closeLost.all(tx, { now }));

/** The process lives after all, and so do those of its sockets whose end it has not written. */
export const reopenLostConnections = async (tx: Tx, node: string): Promise<void> =>
  void (await reopenLost.all(tx, { node }));

/** Drops connections, and with them their watches, that were closed before that. */
export const dropConnections = async (tx: Tx, before: number): Promise<void> =>
  void (await deleteClosed.all(tx, { before }));
