import { DisconnectReason, JoinRequest, LeaveRequest_Action, WrappedJoinRequest } from '@livekit/protocol';
import { type Knocked, knock, type SignalSocket } from '../media/signal.ts';

/** What came of one attempt to get in. */
export type Outcome =
  /** A `join` or `reconnect` of the media server came through. */
  | { kind: 'admitted'; socket: SignalSocket }
  /** With the policy's code and reason, or the gateway's own. */
  | { kind: 'refused'; cause: string }
  /** Says nothing of policy: 429, 5xx, a time-out, nobody there. */
  | { kind: 'void'; cause: string };

/** How long the first message may take, in milliseconds. */
const FIRST_MS = 12_000;

/** A token and where it is good for. */
export interface Pass {
  url: string;
  token: string;
}

/** Knocks at the door. `sid`: goes on with that participant; `from`: the address that a proxy names. */
export async function attempt(
  { url, token }: Pass,
  { sid, from, v1 }: { sid?: string; from?: string; v1?: boolean } = {},
): Promise<Outcome> {
  const query = {
    ...(sid !== undefined && { reconnect: '1', sid }),
    ...(v1 && { join_request: joinRequest(sid) }),
  };
  const headers = from === undefined ? {} : { 'x-forwarded-for': from };
  let knocked: Knocked;
  try {
    knocked = await knock(url, token, query, headers, v1 ? '/rtc/v1' : '/rtc');
  } catch (error) {
    return { kind: 'void', cause: `nobody there: ${String(error).slice(0, 60)}` };
  }
  return 'socket' in knocked ? firstOf(knocked.socket) : refusedAs(knocked.status, knocked.body);
}

/** An HTTP refusal, of the door or of `join`, by its cause. */
export function refusedAs(status: number, body: { code?: number; details?: { reason?: string }[] }): Outcome {
  const cause = `${status}/${body.code} ${body.details?.[0]?.reason ?? ''}`.trim();
  return status === 401 || (status === 403 && body.code === 17)
    ? { kind: 'refused', cause }
    : { kind: 'void', cause };
}

async function firstOf(socket: SignalSocket): Promise<Outcome> {
  const first = await socket.first(FIRST_MS);
  if (first?.message.case === 'join' || first?.message.case === 'reconnect')
    return { kind: 'admitted', socket };
  socket.close();
  if (first?.message.case !== 'leave') return { kind: 'void', cause: `first message ${first?.message.case}` };
  const { reason, action } = first.message.value;
  return { kind: 'refused', cause: `leave ${DisconnectReason[reason]}, ${LeaveRequest_Action[action]}` };
}

function joinRequest(sid: string | undefined): string {
  const request = new JoinRequest({
    ...(sid !== undefined && { reconnect: true, participantSid: sid }),
    connectionSettings: { autoSubscribe: true },
  });
  const wrapped = new WrappedJoinRequest({ joinRequest: request.toBinary() });
  return Buffer.from(wrapped.toBinary()).toString('base64');
}
