import type { CallCid, ErrorResponse } from '@callgate/contract';
import { toTime } from '../kernel/clock.ts';
import { newId } from '../kernel/id.ts';

/** What a socket is told beside events. */
interface Common {
  connection_id: string;
}

const message = (type: string, now: number, fields: Common & object): string =>
  JSON.stringify({ type, created_at: toTime(now), event_id: newId(now), ...fields });

/** The socket is open. `resumed` false after an attempt: watch again, and read again what was watched. */
export const connectionOk = (
  now: number,
  fields: Common & { me: object; cursor: string; resumed: boolean },
): string => message('connection.ok', now, fields);

/** Stands before each closing for a reason that the client can do something about. */
export const connectionError = (now: number, fields: Common & { error: ErrorResponse }): string =>
  message('connection.error', now, fields);

/** A sign of life that wants to be sent back; its cursor moves on although nothing happened for this client. */
export const healthCheck = (now: number, fields: Common & { cursor: string }): string =>
  message('health.check', now, fields);

/** No further events of the call come. */
export const watchEnded = (now: number, fields: Common & { call_cid: CallCid; reason: string }): string =>
  message('watch.ended', now, fields);

/** An event with the place behind which a client goes on that has received it. */
export const withCursor = (event: string, cursor: string): string =>
  `${event.slice(0, -1)},"cursor":"${cursor}"}`;
