import {
  type AddTrackRequest,
  LeaveRequest,
  type MuteTrackRequest,
  RequestResponse_Reason,
  SessionDescription,
  SignalRequest,
  type SignalResponse,
  type SyncState,
  TrackInfo,
  TrackPublishedResponse,
  TrackType,
  type UpdateTrackSettings,
} from '@livekit/protocol';
import type { Connection } from './connection.ts';
import { isWithinLimits } from './list-limits.ts';
import { isPair, kindOfSource, type MediaView, NOTHING_ALLOWED } from './media-view.ts';
import { readSdp, type Section } from './offer.ts';
import { decodeRequest } from './signal-codec.ts';
import { type Breach, MAX_TRACKS } from './tracks.ts';
import {
  type ClientVerdict,
  type Closing,
  muteOrder,
  refuseRequest,
  startAnew,
  violation,
} from './verdict.ts';

/** Longest ICE candidate in characters; browsers write about 200. */
const MAX_CANDIDATE = 4096;

type Message = SignalRequest['message'];

/** A client's message, read and not yet judged. */
export interface ReceivedRequest {
  readonly message: Message;
  /** Of an offer. */
  readonly sections: readonly Section[];
  /** The verdict depends on the person's rights: read them now, and hand them to `judgeRequest`. */
  readonly needsView: boolean;
}

const received = (message: Message, needsView = false): ReceivedRequest => ({
  message,
  sections: [],
  needsView,
});

/** Reads a client's binary frame. Never throws. */
export function readRequest(
  { tracks }: Connection,
  bytes: Uint8Array,
): ReceivedRequest | { readonly close: Closing } {
  const message = decodeRequest(bytes)?.message;
  if (!message) return violation('message malformed');
  switch (message.case) {
    case 'offer':
      return readOffer(message, (sections) => tracks.offersNew(sections));
    case 'addTrack':
    case 'subscription':
    case 'syncState':
      return received(message, true);
    case 'mute':
      return received(message, !message.value.muted);
    default:
      return received(message);
  }
}

/** Reads an offer; `needsView`: whether its sections want the person's rights. */
export function readOffer(
  message: Message & { case: 'offer' },
  needsView: (sections: readonly Section[]) => boolean,
): ReceivedRequest | { readonly close: Closing } {
  if (message.value.type !== 'offer') return violation('offer of another type');
  const read = readSdp(message.value.sdp);
  if ('refusal' in read) return violation(`offer: ${read.refusal}`);
  return { message, sections: read.sections, needsView: needsView(read.sections) };
}

/**
 * What becomes of a client's message: the allowlist of this direction. `view` is what the policy says now; without one
 * where one is needed nothing is allowed. Never throws.
 */
export function judgeRequest(
  connection: Connection,
  { message, sections }: ReceivedRequest,
  view: MediaView = NOTHING_ALLOWED,
): ClientVerdict {
  switch (message.case) {
    case 'offer':
      return judgeOffer(connection, message.value, sections, view);
    case 'answer':
      return judgeAnswer(message.value);
    case 'addTrack':
      return judgeAddTrack(connection, message.value, view);
    case 'mute':
      return judgeMute(connection, message.value, view);
    case 'subscription': {
      const value = connection.roster.wished(message.value, view);
      return value ? relay({ case: 'subscription', value }) : { dropped: 'subscription' };
    }
    case 'trackSetting':
      return judgeSetting(connection, message.value);
    case 'syncState':
      return judgeSyncState(connection, message.value, view);
    default:
      return judgePlain(connection, message);
  }
}

/** The messages that need no rights. */
function judgePlain(connection: Connection, message: Message): ClientVerdict {
  switch (message.case) {
    case 'ping':
    case 'pingReq':
      return { ...relay(message), answer: connection.mutes.reminders().map(muteOrder) };
    case 'trickle':
      return message.value.candidateInit.length > MAX_CANDIDATE ? { dropped: 'trickle' } : relay(message);
    case 'leave': {
      const { reason, action, canReconnect } = message.value;
      return relay({ case: 'leave', value: new LeaveRequest({ reason, action, canReconnect }) });
    }
    case 'updateLayers':
    case 'subscriptionPermission':
    case 'updateAudioTrack':
    case 'updateVideoTrack':
      return isWithinLimits(message) ? relay(message) : refuseLength(message);
    case 'updateMetadata': {
      const { NOT_ALLOWED } = RequestResponse_Reason;
      return {
        dropped: message.case,
        answer: [refuseRequest(NOT_ALLOWED, message, message.value.requestId)],
      };
    }
    default:
      return { dropped: message.case ?? 'unknown' };
  }
}

/** `request` of the answer names those messages that the protocol has a place for. */
const refuseLength = (message: Message & { case: string }): ClientVerdict => {
  const isNamed = message.case === 'updateAudioTrack' || message.case === 'updateVideoTrack';
  const { LIMIT_EXCEEDED } = RequestResponse_Reason;
  return {
    dropped: message.case,
    answer: [refuseRequest(LIMIT_EXCEEDED, isNamed ? message : { case: undefined })],
  };
};

const relay = (message: Message): ClientVerdict => ({ relay: new SignalRequest({ message }) });

const breached = ({ reason, anew }: Breach): { readonly close: Closing } =>
  anew ? startAnew(reason) : violation(reason);

/** `midToTrackId` is the answerer's word: a client's offer has none to give. */
function judgeOffer(
  { tracks }: Connection,
  { type, sdp, id }: SessionDescription,
  sections: readonly Section[],
  view: MediaView,
): ClientVerdict {
  const found = tracks.offer(sections, view.sources);
  return found ? breached(found) : relay({ case: 'offer', value: new SessionDescription({ type, sdp, id }) });
}

/** The subscriber's answer: the server offers to send, so nothing comes back in it. */
function judgeAnswer({ type, sdp, id }: SessionDescription): ClientVerdict {
  if (type !== 'answer') return violation('answer of another type');
  const read = readSdp(sdp);
  if ('refusal' in read) return violation(`answer: ${read.refusal}`);
  if (read.sections.some(({ kind, sends }) => sends && kind !== 'application')) {
    return violation('answer that sends media');
  }
  return relay({ case: 'answer', value: new SessionDescription({ type, sdp, id }) });
}

function judgeAddTrack(connection: Connection, request: AddTrackRequest, view: MediaView): ClientVerdict {
  const verdict = admitTrack(connection, request, view);
  if ('close' in verdict) return verdict;
  if ('refused' in verdict) return { dropped: 'addTrack', answer: [verdict.refused] };
  return relay({ case: 'addTrack', value: verdict.admitted });
}

/** What becomes of a declaration. */
export type Admission =
  | { readonly admitted: AddTrackRequest }
  | { readonly refused: SignalResponse }
  | { readonly close: Closing };

/** Judges a declaration by what the person may send now. */
export function admitTrack({ tracks }: Connection, request: AddTrackRequest, view: MediaView): Admission {
  const refuse = (reason: RequestResponse_Reason): Admission => ({
    refused: refuseRequest(reason, { case: 'addTrack', value: request }),
  });
  const { type, source } = request;
  const kind = kindOfSource(source);
  if (type === TrackType.DATA) return refuse(RequestResponse_Reason.UNSUPPORTED_TYPE);
  if (kind === undefined || !isPair(type, source) || !view.sources.has(source)) {
    return refuse(RequestResponse_Reason.NOT_ALLOWED);
  }
  const found = tracks.checkDeclaration(request);
  if (found) return breached(found);
  if (request.sid === '' && !tracks.hasRoomFor(request)) return refuse(RequestResponse_Reason.LIMIT_EXCEEDED);
  return { admitted: tracks.declare(request, view.muted.has(kind)) };
}

/**
 * The person's own unmute ends a mute record, and only that. So an unmute passes when the client had followed every
 * order to be silent, or when there was none and no record either.
 */
function judgeMute({ tracks, mutes }: Connection, request: MuteTrackRequest, view: MediaView): ClientVerdict {
  const { sid, muted } = request;
  const track = tracks.known(sid);
  if (muted) {
    if (track) mutes.muted(sid);
    return relay({ case: 'mute', value: request });
  }
  if (!track) return { dropped: 'mute' };
  const kind = kindOfSource(track.source);
  const order = mutes.order(sid);
  const hasRecord = kind !== undefined && view.muted.has(kind);
  const isOwn = order === 'followed' || (order === 'none' && !hasRecord);
  if (kind === undefined || !view.sources.has(track.source) || !isOwn) {
    return { dropped: 'mute', answer: mutes.refused(sid) ? [muteOrder(sid)] : [] };
  }
  mutes.unmuted(sid);
  const verdict = relay({ case: 'mute', value: request });
  return hasRecord ? { ...verdict, unmutes: { sid, kind } } : verdict;
}

/** LiveKit keeps what is set of a track that it does not know, for as long as the participant is there. */
function judgeSetting({ roster }: Connection, setting: UpdateTrackSettings): ClientVerdict {
  const value = setting.clone();
  value.trackSids = roster.shown(setting.trackSids);
  if (setting.trackSids.length > 0 && value.trackSids.length === 0) return { dropped: 'trackSetting' };
  return relay({ case: 'trackSetting', value });
}

/**
 * What a client sends when it takes its connection up again. LiveKit 1.13 reads the subscriptions, the sids of the
 * published tracks and what is disabled; descriptions are not handed on, they are what the server knows already.
 */
export function judgeSyncState({ roster }: Connection, state: SyncState, view: MediaView): ClientVerdict {
  if (state.publishTracks.length > MAX_TRACKS) return startAnew('too many tracks');
  const value = state.clone();
  delete value.offer;
  delete value.answer;
  value.publishDataTracks = [];
  value.trackSidsDisabled = roster.shown(state.trackSidsDisabled);
  value.publishTracks = state.publishTracks.map(
    ({ cid, track }) => new TrackPublishedResponse({ cid, track: new TrackInfo({ sid: track?.sid ?? '' }) }),
  );
  const subscription = state.subscription && roster.wished(state.subscription, view);
  if (subscription) value.subscription = subscription;
  else delete value.subscription;
  return relay({ case: 'syncState', value });
}
