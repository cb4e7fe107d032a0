import type { SessionId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { MediaSessionRow } from './media-sessions.store.ts';

const LIVE = ['pending', 'active'] as const;

const insertSession = prepared<MediaSessionRow, never>((db, p) =>
  db.insertInto('media_sessions').values({
    id: p('id'),
    cid: p('cid'),
    user_id: p('user_id'),
    call_session_id: p('call_session_id'),
    state: p('state'),
    role_claim: p('role_claim'),
    shown_role: p('shown_role'),
    anonymous: p('anonymous'),
    hidden: p('hidden'),
    epoch: p('epoch'),
    token_issued_at: p('token_issued_at'),
    by_server: p('by_server'),
    address: p('address'),
    node: p('node'),
    identity: p('identity'),
    boot_id: p('boot_id'),
    participant_sid: p('participant_sid'),
    created_at: p('created_at'),
    joined_at: p('joined_at'),
    ended_at: p('ended_at'),
    end_reason: p('end_reason'),
    service_kind: p('service_kind'),
    service_key: p('service_key'),
    service_name: p('service_name'),
    service_grants: p('service_grants'),
  }),
);

const activate = prepared<{ id: SessionId; now: number; call_session_id: string }, MediaSessionRow>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({
      ...{ state: 'active', joined_at: p('now'), call_session_id: p('call_session_id') },
      ...{ ended_at: null, end_reason: null },
    })
    .where('id', '=', p('id'))
    .where('state', '=', 'pending')
    .returningAll(),
);

const end = prepared<{ id: SessionId; now: number; reason: string }, MediaSessionRow>((db, p) =>
  db
    .updateTable('media_sessions')
    // Where a media server may hold it, it is over for everybody at once and `ended` when that server has answered.
    .set((eb) => ({
      state: eb
        .case()
        .when('identity', 'is', null)
        .then('ended' as const)
        .else('revoked' as const)
        .end(),
      ended_at: p('now'),
      end_reason: p('reason'),
    }))
    .where('id', '=', p('id'))
    .where((eb) =>
      eb.or([
        eb('state', 'in', LIVE),
        // Its media was lost, which may not be true.
        eb.and([eb('state', '=', 'issued'), eb('ended_at', 'is not', null)]),
      ]),
    )
    .returningAll(),
);

const open = prepared<OpenedBy & { id: SessionId }, MediaSessionRow>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({ state: 'pending', address: p('address'), node: p('node'), participant_sid: p('turn') })
    .where('id', '=', p('id'))
    .where('state', '=', 'issued')
    .returningAll(),
);

const openAgain = prepared<OpenedBy & { id: SessionId }, MediaSessionRow>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({ address: p('address'), node: p('node'), participant_sid: p('turn') })
    .where('id', '=', p('id'))
    .where('state', 'in', LIVE)
    .returningAll(),
);

const place = prepared<MediaPlace & { id: SessionId; turn: string }, MediaSessionRow>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({ boot_id: p('boot_id'), participant_sid: p('participant_sid') })
    .where('id', '=', p('id'))
    .where('participant_sid', '=', p('turn'))
    .where('state', 'in', LIVE)
    .returningAll(),
);

const setAside = prepared<{ id: SessionId; now: number }, MediaSessionRow>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({
      ...{ state: 'issued', joined_at: null, ended_at: p('now'), end_reason: 'timeout' },
      ...{ boot_id: null, participant_sid: null },
    })
    .where('id', '=', p('id'))
    .where('state', 'in', LIVE)
    .returningAll(),
);

const settle = prepared<{ id: SessionId }, { id: SessionId }>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({ state: 'ended' })
    .where('id', '=', p('id'))
    .where('state', '=', 'revoked')
    .returning('id'),
);

const lapse = prepared<{ before: number; now: number; limit: number }, { id: SessionId }>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({ state: 'ended', ended_at: p('now'), end_reason: 'timeout' })
    .where('state', '=', 'issued')
    .where(
      'id',
      'in',
      db
        .selectFrom('media_sessions as unused')
        .select('unused.id')
        .where('unused.state', '=', 'issued')
        .where((eb) => eb(eb.fn.coalesce('unused.ended_at', 'unused.created_at'), '<', p('before')))
        .limit(p('limit')),
    )
    .returning('id'),
);

const forgetOld = prepared<{ before: number; limit: number }, { id: SessionId }>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({ address: null })
    .where(
      'id',
      'in',
      db
        .selectFrom('media_sessions as old')
        .select('old.id')
        .where('old.address', 'is not', null)
        .where('old.ended_at', 'is not', null)
        .where('old.ended_at', '<', p('before'))
        .orderBy('old.ended_at')
        .limit(p('limit')),
    )
    .returning('id'),
);

/** What a person's session says of services. */
export const NO_SERVICE = {
  ...{ service_kind: null, service_key: null, service_name: null, service_grants: null },
} as const;

export const addSession = async (tx: Tx, row: MediaSessionRow): Promise<void> =>
  void (await insertSession.all(tx, row));

/**
 * `pending` becomes `active` in the call's session of that id; undefined when the row is in another state (an act
 * was faster).
 */
export const activateSession = (
  tx: Tx,
  id: SessionId,
  call_session_id: string,
  now: number,
): Promise<MediaSessionRow | undefined> => activate.first(tx, { id, now, call_session_id });

/** Ends a session that is pending or active, or was lost; undefined when it was not. */
export const endSession = (
  tx: Tx,
  id: SessionId,
  now: number,
  reason: string,
): Promise<MediaSessionRow | undefined> => end.first(tx, { id, now, reason });

/** Who opens the media door for a session. */
export interface OpenedBy {
  /** Null: not known or not to count. */
  address: string | null;
  /** The process whose door it is. */
  node: string;
  /**
   * What stands in the place of the participant until (d): the mark of the connection that dials, so that the one before has
   * lost its turn and its end means nothing; for a resume the participant itself.
   */
  turn: string;
}

/** `issued` becomes `pending`: it holds a seat now. Undefined when the row is in another state. */
export const openSession = (tx: Tx, id: SessionId, by: OpenedBy): Promise<MediaSessionRow | undefined> =>
  open.first(tx, { id, ...by });

/** Notes another connection of a session that is pending or active; undefined when it is neither. */
export const openSessionAgain = (tx: Tx, id: SessionId, by: OpenedBy): Promise<MediaSessionRow | undefined> =>
  openAgain.first(tx, { id, ...by });

/** Where a session is at the media server. */
export interface MediaPlace {
  boot_id: string | null;
  participant_sid: string | null;
}

/** Notes where a pending or active session is at the media server; undefined when it is neither, or the turn is another's. */
export const placeSession = (
  tx: Tx,
  id: SessionId,
  where: MediaPlace,
  turn: string,
): Promise<MediaSessionRow | undefined> => place.first(tx, { id, ...where, turn });

/**
 * A session whose media was lost takes no seat and is in the call no more; its join token opens the door again, which asks
 * anew for everything. Undefined when it was neither pending nor active.
 */
export const setSessionAside = (tx: Tx, id: SessionId, now: number): Promise<MediaSessionRow | undefined> =>
  setAside.first(tx, { id, now });

/** The media server has answered that it holds nothing of a session that is over. */
export const settleSession = async (tx: Tx, id: SessionId): Promise<void> =>
  void (await settle.all(tx, { id }));

/** Ends sessions made, or lost, before a time whose token nobody has used since; resolves with how many. */
export const lapseIssued = async (tx: Tx, before: number, now: number, limit: number): Promise<number> =>
  (await lapse.all(tx, { before, now, limit })).length;

/** How long the address of a session is kept after its end: 30 days in milliseconds (api.md 0.8). */
const ADDRESS_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** Forgets from where people were in sessions that ended more than 30 days ago; resolves with how many. */
export const purgeSessionAddresses = async (tx: Tx, now: number, limit: number): Promise<number> =>
  (await forgetOld.all(tx, { before: now - ADDRESS_RETENTION_MS, limit })).length;
