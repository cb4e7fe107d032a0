import { DisconnectReason, JoinRequest, LeaveRequest_Action, WrappedJoinRequest } from '@livekit/protocol';
import { type Knocked, knock, type SignalSocket } from '../media/signal.ts';

/** What somebody was told who tried to get in. */
export type Answer =
  /** A `join` or `reconnect` of the media server came through. */
  | { kind: 'admitted'; socket: SignalSocket }
  /** With the policy's code and reason, or the gateway's own. */
  | { kind: 'refused'; cause: string; reason: string };

/** What came of one attempt to get in. */
export type Outcome =
  | Answer
  /** Says nothing of policy: 429, 5xx, a time-out, nobody there. */
  | { kind: 'void'; cause: string };

/** How long the first message may take, in milliseconds. */
const FIRST_MS = 12_000;

/** Reasons of 403/17 that say nothing of policy: another connection took the turn, or the media was lost meanwhile. */
const PASSING: readonly string[] = ['replaced', 'timeout'];

/** A token and where it is good for. */
export interface Pass {
  url: string;
  token: string;
}

interface Manner {
  /** Goes on with that participant. */
  sid?: string;
  /** The address that a proxy names. */
  from?: string;
  /** By one peer connection. */
  v1?: boolean;
}

/** Knocks at the door. Who may not resume and is told to join in full does so with the same token, as the SDKs do. */
export async function attempt(pass: Pass, { sid, from, v1 }: Manner = {}): Promise<Outcome> {
  const query = {
    ...(sid !== undefined && { reconnect: '1', sid }),
    ...(v1 && { join_request: joinRequest(sid) }),
  };
  const headers = from === undefined ? {} : { 'x-forwarded-for': from };
  let knocked: Knocked;
  try {
    knocked = await knock(pass.url, pass.token, query, headers, v1 ? '/rtc/v1' : '/rtc');
  } catch {
    return { kind: 'void', cause: 'nobody there' };
  }
  if (!('socket' in knocked)) return refusedAs(knocked.status, knocked.body);
  const first = await firstOf(knocked.socket);
  if (first !== 'rejoin') return first;
  const inFull = { ...(from !== undefined && { from }), ...(v1 && { v1 }) };
  return sid === undefined ? { kind: 'void', cause: 'told to join in full' } : attempt(pass, inFull);
}

/**
 * An HTTP refusal, of the door or of a request, by its cause: 403/17 and a reason. Nothing else counts, 401 neither: that
 * would be a fault of the harness's tokens.
 */
export function refusedAs(status: number, body: { code?: number; details?: { reason?: string }[] }): Outcome {
  const reason = body.details?.[0]?.reason ?? '';
  const cause = `${status}/${body.code} ${reason}`.trim();
  return status === 403 && body.code === 17 && reason !== '' && !PASSING.includes(reason)
    ? { kind: 'refused', cause, reason }
    : { kind: 'void', cause };
}

/** How long an attempt that nobody answers is made again, and how often, in milliseconds. */
const ANSWER_MS = 30_000;
const AGAIN_MS = 50;

/** Tries until policy or the door has answered; hands over what says nothing. Rejects when nothing else comes. */
export async function answered(
  go: () => Promise<Outcome>,
  saysNothing: (cause: string) => void,
): Promise<Answer> {
  const deadline = performance.now() + ANSWER_MS;
  for (;;) {
    const outcome = await go();
    if (outcome.kind !== 'void') return outcome;
    saysNothing(outcome.cause);
    if (performance.now() > deadline) throw new Error(`no answer within ${ANSWER_MS} ms: ${outcome.cause}`);
    await new Promise((next) => setTimeout(next, AGAIN_MS));
  }
}

async function firstOf(socket: SignalSocket): Promise<Outcome | 'rejoin'> {
  const first = await socket.first(FIRST_MS);
  if (first?.message.case === 'join' || first?.message.case === 'reconnect')
    return { kind: 'admitted', socket };
  socket.close();
  if (first?.message.case !== 'leave') return { kind: 'void', cause: `first message ${first?.message.case}` };
  const { reason, action } = first.message.value;
  if (action === LeaveRequest_Action.RECONNECT) return 'rejoin';
  const cause = `leave ${DisconnectReason[reason]}`;
  return reason === DisconnectReason.PARTICIPANT_REMOVED && action === LeaveRequest_Action.DISCONNECT
    ? { kind: 'refused', cause, reason: 'removed' }
    : { kind: 'void', cause };
}

function joinRequest(sid: string | undefined): string {
  const request = new JoinRequest({
    ...(sid !== undefined && { reconnect: true, participantSid: sid }),
    connectionSettings: { autoSubscribe: true },
  });
  const wrapped = new WrappedJoinRequest({ joinRequest: request.toBinary() });
  return Buffer.from(wrapped.toBinary()).toString('base64');
}
