import {
  type AddTrackRequest,
  DisconnectReason,
  LeaveRequest_Action,
  type MuteTrackRequest,
  Pong,
  RequestResponse,
  RequestResponse_Reason,
  type SignalRequest,
  type SimulateScenario,
  type SubscriptionPermission,
  type SyncState,
  TrackPublishedResponse,
  type UpdateParticipantMetadata,
  type UpdateSubscription,
  UpdateTrackSettings,
} from '@livekit/protocol';
import { changeParticipant, tooLong } from '../rooms/change.ts';
import { beyondUs, declareTrack, muteTrack, type Refused } from '../rooms/publish.ts';
import type { Participant, Track } from '../rooms/state.ts';
import { allowAudience, choose } from '../rooms/subscribe.ts';
import { tell, tellOfChange } from '../rooms/tell.ts';
import type { Session } from './session.ts';

type Request = SignalRequest['message'];
type Of<Case extends Request['case']> = (Request & { case: Case })['value'];

/** Carries out one message of a client, by what holds of it now. Never throws. */
export function handleRequest(session: Session, message: Request, now: () => number): void {
  switch (message.case) {
    case 'offer':
      session.offer(message.value);
      break;
    case 'answer':
      session.answer(message.value);
      break;
    case 'trickle':
      session.trickle(message.value);
      break;
    case 'trackSetting':
      session.wishes.set(message.value);
      break;
    case 'syncState':
      syncState(session, message.value);
      break;
    case 'leave':
      session.leave(DisconnectReason.CLIENT_INITIATED);
      break;
    case 'simulate':
      simulate(session, message.value);
      break;
    case 'ping':
      tell(session.participant, { case: 'pong', value: BigInt(now()) });
      break;
    case 'pingReq': {
      const pong = new Pong({ lastPingTimestamp: message.value.timestamp, timestamp: BigInt(now()) });
      tell(session.participant, { case: 'pongResp', value: pong });
      break;
    }
    default:
      handleWish(session.participant, message);
      break;
  }
}

/** The messages that change the room. */
function handleWish(participant: Participant, message: Request): void {
  switch (message.case) {
    case 'addTrack':
      addTrack(participant, message.value);
      break;
    case 'mute':
      mute(participant, message.value);
      break;
    case 'subscription':
      subscription(participant, message.value);
      break;
    case 'subscriptionPermission':
      subscriptionPermission(participant, message.value);
      break;
    case 'updateMetadata':
      updateMetadata(participant, message.value);
      break;
    case 'updateAudioTrack':
    case 'updateVideoTrack':
      updateTrack(participant, message);
      break;
    default:
      refuseRest(participant, message);
      break;
  }
}

/** What is past our list is refused where the protocol has an answer; what is outdated is not needed. */
function refuseRest(participant: Participant, message: Request): void {
  switch (message.case) {
    case 'publishDataTrackRequest':
      answer(participant, beyondUs('tracks of data'), {
        case: 'publishDataTrack',
        value: message.value,
      });
      break;
    case 'unpublishDataTrackRequest':
      answer(participant, beyondUs('tracks of data'), {
        case: 'unpublishDataTrack',
        value: message.value,
      });
      break;
    case 'storeDataBlobRequest':
    case 'getDataBlobRequest':
      answer(participant, beyondUs('store for blobs'), undefined, message.value.requestId);
      break;
    default:
  }
}

/** The answer to a request, in LiveKit's words and in ours. */
function answer(
  participant: Participant,
  { reason, message }: Refused,
  request?: RequestResponse['request'],
  requestId = 0,
): void {
  const value = new RequestResponse({ reason, message, requestId, ...(request && { request }) });
  tell(participant, { case: 'requestResponse', value });
}

const NOT_FOUND: Refused = {
  reason: RequestResponse_Reason.NOT_FOUND,
  message: 'the participant has no such track',
};

/** Also of the declarations in a `join_request`. */
export function addTrack(participant: Participant, request: AddTrackRequest): void {
  const declared = declareTrack(participant, request);
  if ('reason' in declared) {
    answer(participant, declared, { case: 'addTrack', value: request });
    return;
  }
  const { cid, info } = declared;
  tell(participant, { case: 'trackPublished', value: new TrackPublishedResponse({ cid, track: info }) });
}

function mute(participant: Participant, request: MuteTrackRequest): void {
  const track = participant.tracks.get(request.sid);
  if (track) muteTrack(track, request.muted, true);
  else answer(participant, NOT_FOUND, { case: 'mute', value: request });
}

function subscription(
  participant: Participant,
  { trackSids, participantTracks, subscribe }: UpdateSubscription,
): void {
  const all = [...trackSids, ...participantTracks.flatMap((one) => one.trackSids)];
  choose(participant, all.slice(0, participant.room.limits.choices), subscribe);
}

/** Past the bound nobody is allowed: who is meant would be a guess. */
function subscriptionPermission(participant: Participant, permission: SubscriptionPermission): void {
  const { trackPermissions } = permission;
  const { choices } = participant.room.limits;
  const named = trackPermissions.reduce((sum, { trackSids }) => sum + 1 + trackSids.length, 0);
  if (named > choices) permission.trackPermissions = [];
  allowAudience(participant, permission);
}

function updateMetadata(participant: Participant, request: UpdateParticipantMetadata): void {
  const outcome = changeOwn(participant, request);
  answer(participant, outcome, { case: 'updateMetadata', value: request }, request.requestId);
}

/** Answers how it went; '' changes neither name nor metadata. */
function changeOwn(participant: Participant, request: UpdateParticipantMetadata): Refused {
  const { name, metadata, attributes } = request;
  if (!participant.permission.canUpdateMetadata) {
    const message = 'the participant may not change their own metadata';
    return { reason: RequestResponse_Reason.NOT_ALLOWED, message };
  }
  const change = { ...(name && { name }), ...(metadata && { metadata }), attributes };
  const refusal = tooLong(participant.room, change);
  if (refusal !== undefined) return { reason: RequestResponse_Reason.LIMIT_EXCEEDED, message: refusal };
  changeParticipant(participant, change);
  return { reason: RequestResponse_Reason.OK, message: '' };
}

function updateTrack(
  participant: Participant,
  message: Request & { case: 'updateAudioTrack' | 'updateVideoTrack' },
): void {
  const track = participant.tracks.get(message.value.trackSid);
  if (!track) {
    answer(participant, NOT_FOUND, message);
    return;
  }
  describeTrack(track, message);
  if (track.codec !== undefined) tellOfChange(participant);
}

function describeTrack(
  { info }: Track,
  message: Request & { case: 'updateAudioTrack' | 'updateVideoTrack' },
): void {
  if (message.case === 'updateAudioTrack') {
    info.audioFeatures = message.value.features.slice(0, 16);
    return;
  }
  info.width = message.value.width;
  info.height = message.value.height;
}

/** What a client says when it resumes. One that publishes what we do not have must join anew. */
export function syncState(session: Session, state: SyncState): void {
  const { participant, wishes } = session;
  const { choices } = participant.room.limits;
  const isKnown = ({ track }: Of<'syncState'>['publishTracks'][number]): boolean =>
    participant.tracks.has(track?.sid ?? '');
  if (!state.publishTracks.every(isKnown)) {
    session.fail('it resumed with a track that is not there', true);
    return;
  }
  const trackSids = state.trackSidsDisabled.slice(0, choices);
  if (trackSids.length > 0) wishes.set(new UpdateTrackSettings({ trackSids, disabled: true }));
  // The list names the exceptions: what is not subscribed where everything is by itself, or the other way round.
  if (state.subscription) subscription(participant, state.subscription);
}

/** For tests of clients: what LiveKit does when it shuts down, or when it wants them to join anew. */
function simulate(session: Session, { scenario }: SimulateScenario): void {
  if (scenario.case === 'serverLeave') session.leave(DisconnectReason.SERVER_SHUTDOWN);
  if (scenario.case === 'leaveRequestFullReconnect')
    session.leave(DisconnectReason.UNKNOWN_REASON, LeaveRequest_Action.RECONNECT);
}
