import type { CallCid, ServiceKind, SessionId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { remembered } from '../../storage/remembered.ts';
import type { MediaSessionRow } from './media-sessions.store.ts';

/** A session of a participant that belongs to no user. */
export type ServiceRow = MediaSessionRow & { service_kind: ServiceKind };

export const isService = (row: MediaSessionRow): row is ServiceRow => row.service_kind !== null;

const LIVE = ['pending', 'active'] as const;

const selectServices = prepared<{ cid: CallCid; limit: number }, ServiceRow>((db, p) =>
  db
    .selectFrom('media_sessions')
    .selectAll()
    .$narrowType<{ service_kind: ServiceKind }>()
    .where('cid', '=', p('cid'))
    .where('service_kind', 'is not', null)
    .where('state', '=', 'active')
    .orderBy('created_at')
    .orderBy('id')
    .limit(p('limit')),
);
const countLive = prepared<{ cid: CallCid }, { services: number }>((db, p) =>
  db
    .selectFrom('media_sessions')
    .select((eb) => eb.fn.countAll<number>().as('services'))
    .where('cid', '=', p('cid'))
    .where('service_kind', 'is not', null)
    .where('state', 'in', LIVE),
);
const countAll = prepared<Record<never, never>, { services: number }>((db) =>
  db
    .selectFrom('media_sessions')
    .select((eb) => eb.fn.countAll<number>().as('services'))
    .where('service_kind', 'is not', null)
    .where('state', 'in', LIVE),
);
const selectDialled = prepared<{ cid: CallCid; identity: string }, ServiceRow>((db, p) =>
  db
    .selectFrom('media_sessions')
    .selectAll()
    .$narrowType<{ service_kind: ServiceKind }>()
    .where('cid', '=', p('cid'))
    .where('identity', '=', p('identity'))
    .where('service_kind', 'is not', null)
    .where('service_key', 'is', null)
    .where((eb) => eb.or([eb('state', 'in', LIVE), eb('end_reason', '=', 'kicked')]))
    .orderBy('created_at', 'desc')
    .limit(1),
);
const selectLeft = prepared<{ cid: CallCid; identity: string; sid: string }, { id: SessionId }>((db, p) =>
  db
    .selectFrom('media_sessions')
    .select('id')
    .where('cid', '=', p('cid'))
    .where('identity', '=', p('identity'))
    .where('service_kind', 'is not', null)
    .where('participant_sid', '=', p('sid'))
    .where('end_reason', '=', 'left')
    .limit(1),
);
const move = prepared<{ id: SessionId; participant_sid: string }, { id: SessionId }>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({ participant_sid: p('participant_sid') })
    .where('id', '=', p('id'))
    .where('state', 'in', LIVE)
    .returning('id'),
);
const endGone = prepared<
  { id: SessionId; participant_sid: string; now: number; reason: string },
  MediaSessionRow
>((db, p) =>
  db
    .updateTable('media_sessions')
    .set({ state: 'ended', ended_at: p('now'), end_reason: p('reason') })
    .where('id', '=', p('id'))
    .where('participant_sid', '=', p('participant_sid'))
    .where('state', 'in', LIVE)
    .returningAll(),
);

/** Most that one reply lists. */
const MOST_LISTED = 250;

/** Services that are in the call, longest first. */
export const servicesIn = remembered<[cid: CallCid], readonly ServiceRow[]>((handle, cid) =>
  selectServices.all(handle, { cid, limit: MOST_LISTED }),
);

/** Services that are in the call or on their way. */
export const countServices = async (handle: Handle, cid: CallCid): Promise<number> =>
  (await countLive.first(handle, { cid }))?.services ?? 0;

/** Services that are in calls or on their way, in all calls. */
export const countLiveServices = async (handle: Handle): Promise<number> =>
  (await countAll.first(handle, {}))?.services ?? 0;

/** The session of a service that dialled the media server by itself under this name: one that lasts, or that was removed. */
export const findDialled = (
  handle: Handle,
  cid: CallCid,
  identity: string,
): Promise<ServiceRow | undefined> => selectDialled.first(handle, { cid, identity });

/** Whether the media server has said that this participant is gone for good: what it says later of it is old. */
export const hasLeft = async (
  handle: Handle,
  cid: CallCid,
  identity: string,
  sid: string,
): Promise<boolean> => (await selectLeft.first(handle, { cid, identity, sid })) !== undefined;

/** The service has another connection of the same name. */
export const moveService = async (tx: Tx, id: SessionId, participant_sid: string): Promise<void> =>
  void (await move.all(tx, { id, participant_sid }));

/** Ends a session whose service is gone from the media server; undefined when another connection stands for it by now. */
export const endGoneService = (
  tx: Tx,
  id: SessionId,
  participant_sid: string,
  { now, reason }: { now: number; reason: string },
): Promise<MediaSessionRow | undefined> => endGone.first(tx, { id, participant_sid, now, reason });
