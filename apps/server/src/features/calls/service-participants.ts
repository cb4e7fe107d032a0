import type { LeaveReason, RoleName, SessionId, UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import type { Tx } from '../../storage/database.ts';
import { appendEvents, type EventDraft } from '../events/index.ts';
import { activateSession, addSession, type ServiceRow } from '../media/index.ts';

/** A service belongs to nobody: no user has an empty id. */
const NOBODY = '' as UserId;

/** A service as lists and events show one. */
export const serviceResponse = (row: ServiceRow) => ({
  session_id: row.id,
  kind: row.service_kind,
  ...(row.service_key !== null && { key: row.service_key }),
  name: row.service_name ?? '',
  joined_at: toTime(row.joined_at ?? row.created_at),
  ...(row.hidden === 1 && { hidden: true }),
});

const serviceJoined = (row: ServiceRow): EventDraft => ({
  type: 'call.service_participant_joined',
  cid: row.cid,
  audience: { watchers: true },
  payload: { service_participant: serviceResponse(row) },
});

/** `more`: who did it, when somebody did. */
export const serviceLeft = (row: ServiceRow, reason: LeaveReason, more: object = {}): EventDraft => ({
  type: 'call.service_participant_left',
  cid: row.cid,
  audience: { watchers: true },
  payload: { service_participant: serviceResponse(row), reason, ...more },
});

/** What a new session of a service is made of. */
export interface NewService
  extends Pick<
    ServiceRow,
    'id' | 'cid' | 'state' | 'identity' | 'service_kind' | 'service_key' | 'service_name' | 'service_grants'
  > {
  isHidden: boolean;
  participantSid: string | null;
}

/** Its address is not noted: services run on the operator's machines, which no ban is to close. */
export async function addService(
  tx: Tx,
  { isHidden, participantSid, ...named }: NewService,
  now: number,
): Promise<ServiceRow> {
  const row: ServiceRow = {
    ...named,
    ...{ user_id: NOBODY, call_session_id: '', role_claim: null, shown_role: '' as RoleName },
    ...{ anonymous: 0, hidden: isHidden ? 1 : 0, epoch: 0, token_issued_at: null, by_server: 1 },
    ...{ address: null, node: null, boot_id: null, participant_sid: participantSid },
    ...{ created_at: now, joined_at: null, ended_at: null, end_reason: null },
  };
  await addSession(tx, row);
  return row;
}

/** Makes a pending session active and tells of it; undefined when an act was faster. It starts no session of the call. */
export async function activateService(tx: Tx, id: SessionId, now: number): Promise<ServiceRow | undefined> {
  const active = (await activateSession(tx, id, '', now)) as ServiceRow | undefined;
  if (active) await appendEvents(tx, [serviceJoined(active)], now);
  return active;
}
