import {
  type JoinResponse,
  MuteTrackRequest,
  type ParticipantInfo,
  ParticipantInfo_State,
  ParticipantUpdate,
  SignalRequest,
  SignalResponse,
  type TrackPublishedResponse,
} from '@livekit/protocol';
import { type Connection, subscriptionRequests } from './connection.ts';
import { decodeResponse } from './signal-codec.ts';
import { contradiction } from './tracks.ts';
import { muteOrder, type ServerVerdict, startAnew, violation } from './verdict.ts';

type Message = SignalResponse['message'];
type MessageOf<Case extends Message['case']> = Message & { case: Case };

/** What the judge of this direction cannot make itself. */
export interface ClientTokens {
  /** A join token of ours in place of the media server's; undefined when there is none to give: nothing is sent then. */
  refreshToken(): string | undefined;
}

/** What becomes of a media server's binary frame: the allowlist of this direction. Never throws. */
export function judgeResponse(
  connection: Connection,
  bytes: Uint8Array,
  tokens: ClientTokens,
): ServerVerdict {
  const message = decodeResponse(bytes)?.message;
  if (!message) return startAnew('message of the media server malformed');
  switch (message.case) {
    case 'join':
      return judgeJoin(connection, message.value);
    case 'update':
      return judgeUpdate(connection, message.value);
    case 'trackPublished':
      return judgePublished(connection, message.value);
    case 'trackUnpublished':
      connection.tracks.unpublished(message.value.trackSid);
      return relay(message);
    case 'mute':
      return judgeMute(connection, message.value);
    case 'refreshToken': {
      const value = tokens.refreshToken();
      return value === undefined ? { dropped: message.case } : relay({ case: 'refreshToken', value });
    }
    case 'leave': {
      const value = message.value.clone();
      delete value.regions;
      return relay({ case: 'leave', value });
    }
    default:
      return judgeOfPeople(connection, message);
  }
}

const relay = (message: Message): ServerVerdict => ({ relay: new SignalResponse({ message }) });

/** The messages that name people or their tracks: those that the client does not know are left out. */
function judgeOfPeople({ roster }: Connection, message: Message): ServerVerdict {
  switch (message.case) {
    case 'speakersChanged':
      message.value.speakers = message.value.speakers.filter(({ sid }) => roster.isShown(sid));
      return relayUnlessEmpty(message, message.value.speakers);
    case 'connectionQuality':
      message.value.updates = message.value.updates.filter(({ participantSid }) =>
        roster.isShown(participantSid),
      );
      return relayUnlessEmpty(message, message.value.updates);
    case 'streamStateUpdate':
      message.value.streamStates = message.value.streamStates.filter(({ participantSid }) =>
        roster.isShown(participantSid),
      );
      return relayUnlessEmpty(message, message.value.streamStates);
    case 'subscriptionPermissionUpdate':
      return roster.isShown(message.value.participantSid) ? relay(message) : { dropped: message.case };
    case 'subscriptionResponse':
      return roster.isTrackShown(message.value.trackSid) ? relay(message) : { dropped: message.case };
    default:
      return judgePlain(message);
  }
}

const relayUnlessEmpty = (message: Message, left: readonly unknown[]): ServerVerdict =>
  left.length > 0 ? relay(message) : { dropped: message.case ?? 'unknown' };

/** The messages that pass as they are. What is not named here is dropped: `roomMoved`, data tracks, data blobs. */
function judgePlain(message: Message): ServerVerdict {
  switch (message.case) {
    case 'answer':
    case 'offer':
    case 'trickle':
    case 'pong':
    case 'pongResp':
    case 'reconnect':
    case 'roomUpdate':
    case 'mediaSectionsRequirement':
    case 'requestResponse':
    case 'subscribedQualityUpdate':
    case 'subscribedAudioCodecUpdate':
    case 'trackSubscribed':
      return relay(message);
    default:
      return { dropped: message.case ?? 'unknown' };
  }
}

function judgeJoin(connection: Connection, join: JoinResponse): ServerVerdict {
  connection.roster.ownSid = join.participant?.sid ?? '';
  const own = judgeOwn(connection, join.participant ? [join.participant] : []);
  if (own.close) return own;
  const { told, asked } = connection.roster.heard(join.otherParticipants, connection.hiding);
  join.otherParticipants = told;
  join.alternativeUrl = '';
  return {
    ...relay({ case: 'join', value: join }),
    upstream: subscriptionRequests(asked),
    also: own.also ?? [],
  };
}

function judgeUpdate(connection: Connection, update: ParticipantUpdate): ServerVerdict {
  const { participants } = update;
  const { roster, hiding } = connection;
  const own = judgeOwn(
    connection,
    participants.filter(({ sid }) => sid === roster.ownSid),
  );
  if (own.close) return own;
  const { told, asked } = roster.heard(participants, hiding);
  const also = { also: own.also ?? [], upstream: subscriptionRequests(asked) };
  if (told.length === 0) return { dropped: 'update', ...also };
  // As it came, so that it is written once for all who are told the same.
  const isAll = told.length === participants.length && told.every((info, at) => info === participants[at]);
  const value = isAll ? update : new ParticipantUpdate({ participants: told });
  return { ...relay({ case: 'update', value }), ...also };
}

/**
 * What the server says of the participant itself. A publication exists at livekit-client only once its offer was
 * answered, and an order for a track without one is lost: orders that were not followed are told again here.
 */
function judgeOwn({ tracks, mutes }: Connection, infos: readonly ParticipantInfo[]): ServerVerdict {
  const own = infos.findLast(({ state }) => state !== ParticipantInfo_State.DISCONNECTED);
  if (!own) return {};
  for (const info of own.tracks) {
    const found = contradiction(info);
    if (found !== undefined) return violation(found);
  }
  tracks.listed(own.tracks);
  mutes.keep((sid) => tracks.known(sid) !== undefined);
  for (const { sid, muted } of own.tracks) mutes.listed(sid, muted);
  return { also: mutes.reminders().map(muteOrder) };
}

function judgePublished(
  { tracks, mutes }: Connection,
  { cid, track }: TrackPublishedResponse,
): ServerVerdict {
  if (!track) return { dropped: 'trackPublished' };
  const found = contradiction(track);
  if (found !== undefined) return violation(found);
  const { isSelfMuted } = tracks.published(cid, track);
  mutes.published(track.sid, track.muted, isSelfMuted);
  const value = { cid, track } as MessageOf<'trackPublished'>['value'];
  const also = mutes.remind(track.sid) ? [muteOrder(track.sid)] : [];
  return { ...relay({ case: 'trackPublished', value }), also };
}

/**
 * The server's mute goes back to it, too: an unmute of the client may have been under way to it when it muted, and would
 * arrive after. The server never unmutes anybody.
 */
function judgeMute({ mutes }: Connection, value: MuteTrackRequest): ServerVerdict {
  if (!value.muted) return { dropped: 'mute' };
  mutes.impose(value.sid);
  const again = new SignalRequest({
    message: { case: 'mute', value: new MuteTrackRequest({ sid: value.sid, muted: true }) },
  });
  return { ...relay({ case: 'mute', value }), upstream: [again] };
}
