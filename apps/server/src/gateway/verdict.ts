import {
  MuteTrackRequest,
  RequestResponse,
  type RequestResponse_Reason,
  type SignalRequest,
  SignalResponse,
} from '@livekit/protocol';
import type { MediaKind } from './media-view.ts';

/** Why a connection ends because of a message. */
export interface Closing {
  /** For the log, the counters and the person's `leave`. */
  readonly reason: string;
  /** Whether an honest client may get here by a race: it is told to connect anew, and starts from nothing. */
  readonly mayReconnect: boolean;
}

/** What becomes of a client's message. With `close` nothing else is done. */
export interface ClientVerdict {
  /** To the media server, as it stands here. */
  readonly relay?: SignalRequest;
  /** Back to the client. */
  readonly answer?: readonly SignalResponse[];
  readonly close?: Closing;
  /** Not relayed, and to be counted under this name: one of a fixed set. */
  readonly dropped?: string;
  /** The person's own unmute, with a record in force: clear it, commit, and only then relay. */
  readonly unmutes?: { readonly sid: string; readonly kind: MediaKind };
}

/** What becomes of a media server's message. With `close` nothing else is done. */
export interface ServerVerdict {
  /** To the client, as it stands here. */
  readonly relay?: SignalResponse;
  /** To the client, after `relay`. */
  readonly also?: readonly SignalResponse[];
  /** To the media server. */
  readonly upstream?: readonly SignalRequest[];
  readonly close?: Closing;
  /** Not relayed, and to be counted under this name: one of a fixed set. */
  readonly dropped?: string;
}

/** A breach that no honest client commits, by no race. */
export const violation = (reason: string): { readonly close: Closing } => ({
  close: { reason, mayReconnect: false },
});

/** What an honest client may do when rights change under it, and what cannot be carried on from. */
export const startAnew = (reason: string): { readonly close: Closing } => ({
  close: { reason, mayReconnect: true },
});

/** `mute` to the client. */
export const muteOrder = (sid: string): SignalResponse =>
  new SignalResponse({ message: { case: 'mute', value: new MuteTrackRequest({ sid, muted: true }) } });

/** `requestResponse` to the client: why its request was not carried out. */
export const refuseRequest = (
  reason: RequestResponse_Reason,
  request: RequestResponse['request'],
  requestId = 0,
): SignalResponse =>
  new SignalResponse({
    message: {
      case: 'requestResponse',
      value: new RequestResponse({ requestId, reason, message: 'refused by the call', request }),
    },
  });
