import {
  DisconnectReason,
  ParticipantInfo,
  type ParticipantInfo_State,
  Room as RoomInfo,
  SignalResponse,
} from '@livekit/protocol';
import { isHidden, type Message, type Participant, type Room } from './state.ts';

/** Codecs in LiveKit's words; what else a client has is not forwarded. */
export const CODECS = ['video/VP8', 'video/H264', 'audio/opus'].map((mime) => ({ mime, fmtpLine: '' }));

/** The bytes of a message, to be written once for everybody who is told the same. */
export const frameOf = (message: Message): Uint8Array => new SignalResponse({ message }).toBinary();

/** What others and the API are told of a participant. Only tracks that are published are named. */
export function participantInfo(
  participant: Participant,
  reason: DisconnectReason = DisconnectReason.UNKNOWN_REASON,
  state: ParticipantInfo_State = participant.state,
): ParticipantInfo {
  const { sid, identity, name, metadata, attributes, kind, permission, version } = participant;
  const tracks = [...participant.tracks.values()].filter(({ codec }) => codec).map(({ info }) => info);
  return new ParticipantInfo({
    ...{ sid, identity, state, name, metadata, attributes: { ...attributes }, kind, permission, version },
    tracks,
    isPublisher: tracks.length > 0,
    joinedAt: BigInt(Math.floor(participant.joinedAtMs / 1000)),
    joinedAtMs: BigInt(participant.joinedAtMs),
    clientProtocol: participant.clientProtocol,
    disconnectReason: reason,
  });
}

/** What clients and the API are told of a room. Who is hidden is not counted. */
export function roomInfo(room: Room): RoomInfo {
  const seen = [...room.participants.values()].filter((one) => !isHidden(one));
  return new RoomInfo({
    sid: room.sid,
    name: room.name,
    emptyTimeout: room.emptyTimeoutS,
    departureTimeout: room.departureTimeoutS,
    maxParticipants: room.maxParticipants,
    creationTime: BigInt(Math.floor(room.createdAtMs / 1000)),
    creationTimeMs: BigInt(room.createdAtMs),
    metadata: room.metadata,
    enabledCodecs: CODECS,
    numParticipants: seen.length,
    numPublishers: seen.filter(({ tracks }) => [...tracks.values()].some(({ codec }) => codec)).length,
  });
}
