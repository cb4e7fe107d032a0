import type { JoinRequest, SignalResponse } from '@livekit/protocol';
import type { Connection } from './connection.ts';
import { admitTrack, judgeRequest, judgeSyncState, readOffer } from './from-client.ts';
import type { MediaView } from './media-view.ts';
import { MAX_TRACKS } from './tracks.ts';
import { type Closing, violation } from './verdict.ts';

/** What becomes of the request that a client of `/rtc/v1` connects with. */
export interface JoinVerdict {
  /** To dial with. */
  readonly request?: JoinRequest;
  /** To the client, after the media server's `join`. */
  readonly answer: readonly SignalResponse[];
  readonly close?: Closing;
}

/**
 * Judges a join request as the messages that it stands for: declarations, then the offer. Metadata and attributes are
 * the server's alone to set.
 */
export function judgeJoinRequest(
  connection: Connection,
  request: JoinRequest,
  view: MediaView,
  autoSubscribe: boolean,
): JoinVerdict {
  const judged = request.clone();
  const answer: SignalResponse[] = [];
  judged.addTrackRequests = [];
  for (const track of request.addTrackRequests) {
    const verdict = admitTrack(connection, track, view);
    if ('close' in verdict) return { ...verdict, answer: [] };
    if ('admitted' in verdict) judged.addTrackRequests.push(verdict.admitted);
    else if (answer.length < MAX_TRACKS) answer.push(verdict.refused);
  }
  const close = judgeParts(connection, judged, view);
  if (close) return { close, answer: [] };
  judged.metadata = '';
  judged.participantAttributes = {};
  if (judged.connectionSettings) judged.connectionSettings.autoSubscribe = autoSubscribe;
  if (judged.connectionSettings) judged.connectionSettings.autoSubscribeDataTrack = false;
  if (judged.connectionSettings) judged.connectionSettings.disableIceLite = false;
  return { request: judged, answer };
}

/** The offer and the state in a join request, replaced by what may pass. */
function judgeParts(connection: Connection, judged: JoinRequest, view: MediaView): Closing | undefined {
  if (judged.publisherOffer) {
    const { sdp } = judged.publisherOffer;
    // The media server reads it before anybody has looked at the row again (step (d)): with candidates it could reach a
    // client that knows nothing of it yet, and an `ice-lite` client would answer.
    if (/^a=ice-lite\s*$/m.test(sdp)) return violation('ice-lite').close;
    judged.publisherOffer.sdp = sdp.replace(/^a=(?:candidate:|end-of-candidates).*\r?\n/gm, '');
    const offer = readOffer({ case: 'offer', value: judged.publisherOffer }, () => true);
    if ('close' in offer) return offer.close;
    const verdict = judgeRequest(connection, offer, view);
    if (verdict.relay?.message.case !== 'offer') return verdict.close;
    judged.publisherOffer = verdict.relay.message.value;
  }
  if (judged.syncState) {
    const verdict = judgeSyncState(connection, judged.syncState, view);
    if (verdict.relay?.message.case !== 'syncState') return verdict.close;
    judged.syncState = verdict.relay.message.value;
  }
  return undefined;
}
