import type {
  CallResponse,
  Capability,
  EnforcementResponse,
  LeaveReason,
  MemberResponse,
  PermissionRequestResponse,
} from '@callgate/contract';
import type { SocketState } from '../events/event-socket.ts';

/** Where this page stands: before the call, in it, or put out of it. */
export type Phase = 'lobby' | 'joining' | 'in' | 'gone';

/** Why somebody is out of the call, in the words of the events and refusals. */
export type GoneReason = LeaveReason | 'disconnected' | 'banned_here' | 'token';

/** One line of what happened. */
export interface ActivityLine {
  id: number;
  text: string;
  /** `mine`: an act of this page. */
  kind: 'mine' | 'others' | 'failed';
  /** What the reply said held, e.g. `applied in 12 ms`; the refusal when it failed. */
  outcome: string | undefined;
  /** `waiting`: no reply yet. */
  state: 'waiting' | 'done' | 'failed';
  /** Whom it concerns. */
  userId: string | undefined;
}

/** A reaction that is shown for a moment. */
export interface ShownReaction {
  id: number;
  userId: string;
  name: string;
  kind: string;
}

/** A call that rings here. */
export interface IncomingRing {
  name: string;
}

/** How a member whom this page rang answered. */
export type RingAnswer = 'ringing' | 'accepted' | 'rejected' | 'missed';

export interface CallState {
  phase: Phase;
  socket: SocketState;
  /** Of the socket that watches; undefined: none is open. */
  connectionId: string | undefined;
  call: CallResponse | undefined;
  members: readonly MemberResponse[];
  rights: ReadonlySet<Capability>;
  /** Pending ones that this person may see: all of them, or their own. */
  requests: readonly PermissionRequestResponse[];
  activity: readonly ActivityLine[];
  reactions: readonly ShownReaction[];
  ring: IncomingRing | undefined;
  rung: Readonly<Record<string, RingAnswer>>;
  /** This device in the call. */
  sessionId: string | undefined;
  gone: { reason: GoneReason; by: string | undefined } | undefined;
  /** What was done to this person last, to be shown until they dismiss it. */
  notice: string | undefined;
  /** Why joining or reading did not work, in the server's words. */
  refusal: string | undefined;
}

export const STARTING: CallState = {
  ...{ phase: 'lobby', socket: 'opening', connectionId: undefined, call: undefined, members: [] },
  ...{ rights: new Set<Capability>(), requests: [], activity: [], reactions: [], ring: undefined, rung: {} },
  ...{ sessionId: undefined, gone: undefined, notice: undefined, refusal: undefined },
};

/** What the reply of an act said held at the media server. */
export function outcomeOf(enforcement: EnforcementResponse | undefined): string {
  if (!enforcement) return 'done';
  const { state, took_ms: tookMs } = enforcement;
  if (state === 'no_media') return 'done, no media to bind';
  if (state === 'pending') return `pending after ${Math.round(tookMs)} ms`;
  return `applied in ${Math.max(1, Math.round(tookMs))} ms`;
}
