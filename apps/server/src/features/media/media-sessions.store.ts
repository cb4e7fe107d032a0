import type { CallCid, CallTypeName, SessionId, UserId } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import { inList, prepared } from '../../storage/prepared.ts';
import type { MediaSessionsTable } from '../../storage/tables.ts';

export type MediaSessionRow = MediaSessionsTable;

const LIVE = ['pending', 'active'] as const;

const selectById = prepared<{ id: SessionId }, MediaSessionRow>((db, p) =>
  db.selectFrom('media_sessions').selectAll().where('id', '=', p('id')),
);
const selectOfCall = prepared<{ cid: CallCid }, MediaSessionRow>((db, p) =>
  db
    .selectFrom('media_sessions')
    .selectAll()
    .where('cid', '=', p('cid'))
    .where('service_kind', 'is', null)
    .where('state', 'in', LIVE)
    .orderBy('created_at')
    .orderBy('id'),
);
const selectLiveCalls = prepared<{ type: CallTypeName; after: CallCid; limit: number }, { cid: CallCid }>(
  (db, p) =>
    db
      .selectFrom('media_sessions')
      .innerJoin('calls', 'calls.cid', 'media_sessions.cid')
      .select('media_sessions.cid')
      .distinct()
      .where('calls.type', '=', p('type'))
      .where('media_sessions.cid', '>', p('after'))
      .where('media_sessions.state', 'in', LIVE)
      .orderBy('media_sessions.cid')
      .limit(p('limit')),
);
const countSeats = prepared<{ cid: CallCid }, { seats: number }>((db, p) =>
  db
    .selectFrom('media_sessions')
    .select((eb) => eb.fn.countAll<number>().as('seats'))
    .where('cid', '=', p('cid'))
    .where('service_kind', 'is', null)
    .where('hidden', '=', 0)
    .where('state', 'in', LIVE),
);
/** A statement of its own, or the partial indexes would not be used. */
const countHeldSeats = prepared<{ cid: CallCid; since: number }, { seats: number }>((db, p) =>
  db
    .selectFrom('media_sessions')
    .select((eb) => eb.fn.countAll<number>().as('seats'))
    .where('cid', '=', p('cid'))
    .where('service_kind', 'is', null)
    .where('hidden', '=', 0)
    .where('state', '=', 'revoked')
    .where('ended_at', '>', p('since')),
);

const selectCameIn = prepared<{ cid: CallCid; ids: string; since: number }, { user_id: UserId }>(
  (db, p, engine) =>
    db
      .selectFrom('media_sessions')
      .select('user_id')
      .distinct()
      .where('cid', '=', p('cid'))
      .where(inList(engine, 'user_id', p('ids')))
      .where('joined_at', 'is not', null)
      .where((eb) => eb.or([eb('joined_at', '>=', p('since')), eb('state', 'in', LIVE)])),
);

const countVisible = prepared<{ cid: CallCid }, { people: number }>((db, p) =>
  db
    .selectFrom('media_sessions')
    .select((eb) => eb.fn.countAll<number>().as('people'))
    .where('cid', '=', p('cid'))
    .where('service_kind', 'is', null)
    .where('hidden', '=', 0)
    .where('state', '=', 'active'),
);
const selectStale = prepared<{ before: number; limit: number }, MediaSessionRow>((db, p) =>
  db
    .selectFrom('media_sessions')
    .selectAll()
    .where('state', 'in', LIVE)
    .where('state', '=', 'pending')
    .where('identity', 'is', null)
    .where('created_at', '<', p('before'))
    .orderBy('cid')
    .limit(p('limit')),
);

const countLive = prepared<Record<never, never>, { sessions: number }>((db) =>
  db
    .selectFrom('media_sessions')
    .select((eb) => eb.fn.countAll<number>().as('sessions'))
    .where('service_kind', 'is', null)
    .where('state', 'in', LIVE),
);

/** Sessions of people that are pending or active, in all calls. */
export const countLiveSessions = async (handle: Handle): Promise<number> =>
  (await countLive.first(handle, {}))?.sessions ?? 0;

export const findSession = (handle: Handle, id: SessionId): Promise<MediaSessionRow | undefined> =>
  selectById.first(handle, { id });

/** Pending and active sessions of people in a call, in the order in which they were made. */
export const sessionsOfCall = (handle: Handle, cid: CallCid): Promise<MediaSessionRow[]> =>
  selectOfCall.all(handle, { cid });

/** How long a session that is over holds its seat while the media server does not answer, in milliseconds. */
export const SEAT_HELD_MS = 60_000;

/**
 * The seats that `limits.max_participants` counts: visible sessions, pending or active, and those that are over and that the
 * media server has not said to be gone. An answer that never comes holds a seat for a minute.
 * In this order: a session that ends between the two is counted twice, and never not at all.
 */
export async function countSeatsTaken(handle: Handle, cid: CallCid, now: number): Promise<number> {
  const [taken, held] = await Promise.all([
    countSeats.first(handle, { cid }),
    countHeldSeats.first(handle, { cid, since: now - SEAT_HELD_MS }),
  ]);
  return (taken?.seats ?? 0) + (held?.seats ?? 0);
}

/** Visible sessions that have joined. */
export const visibleSessionsIn = async (handle: Handle, cid: CallCid): Promise<number> =>
  (await countVisible.first(handle, { cid }))?.people ?? 0;

/** Those of the people who are in the call, or came in since that time. */
export async function cameIn(
  handle: Handle,
  cid: CallCid,
  ids: readonly UserId[],
  since: number,
): Promise<ReadonlySet<UserId>> {
  if (ids.length === 0) return new Set();
  const rows = await selectCameIn.all(handle, { cid, ids: JSON.stringify(ids), since });
  return new Set(rows.map(({ user_id }) => user_id));
}

/** Sessions without media that are pending since before a time: their join was cut off. */
export const stalePending = (handle: Handle, before: number, limit: number): Promise<MediaSessionRow[]> =>
  selectStale.all(handle, { before, limit });

/** Calls of a type that somebody is in, in the order of their ids from behind `after` on. */
export const liveCallsOfType = async (
  handle: Handle,
  type: CallTypeName,
  after: CallCid,
  limit: number,
): Promise<CallCid[]> => (await selectLiveCalls.all(handle, { type, after, limit })).map(({ cid }) => cid);
