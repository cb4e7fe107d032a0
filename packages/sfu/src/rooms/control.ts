import { DataPacket_Kind, DisconnectReason, RoomUpdate } from '@livekit/protocol';
import { changeParticipant, tooLong } from './change.ts';
import { deliver } from './data.ts';
import { participantInfo, roomInfo } from './describe.ts';
import { leave } from './enter.ts';
import { muteTrack } from './publish.ts';
import { NotFound, type ParticipantChange, type RoomControl, RoomRefusal } from './room-control.ts';
import type { Rooms } from './rooms.ts';
import type { Participant, Room, Track } from './state.ts';
import { choose } from './subscribe.ts';
import { tellAll } from './tell.ts';

/** What RoomService may do with these rooms. */
export function createRoomControl(rooms: Rooms): RoomControl {
  const roomOf = (name: string): Room => {
    const room = rooms.find(name);
    if (!room) throw new NotFound('requested room does not exist');
    return room;
  };
  const participantOf = (name: string, identity: string): Participant => {
    const participant = rooms.find(name)?.participants.get(identity);
    if (!participant) throw new NotFound('participant does not exist');
    return participant;
  };
  return {
    createRoom: ({ name, departureTimeoutS = 0, ...wish }) =>
      roomInfo(rooms.open(name, { ...wish, departureTimeoutS })),
    listRooms: (names) =>
      (names.length === 0 ? rooms.all() : names.flatMap((name) => rooms.find(name) ?? [])).map(roomInfo),
    deleteRoom: (name) => rooms.close(roomOf(name), DisconnectReason.ROOM_DELETED),
    updateRoomMetadata: (name, metadata) => setMetadata(roomOf(name), metadata),
    listParticipants: (name) =>
      [...(rooms.find(name)?.participants.values() ?? [])].map((one) => participantInfo(one)),
    getParticipant: (name, identity) => participantInfo(participantOf(name, identity)),
    removeParticipant(name, identity) {
      leave(participantOf(name, identity), DisconnectReason.PARTICIPANT_REMOVED, rooms.now());
    },
    mutePublishedTrack(name, identity, trackSid, muted) {
      const track = trackOf(participantOf(name, identity), trackSid);
      if (!muted)
        throw new RoomRefusal('failed_precondition', 'muted: the API unmutes nobody; the person does');
      muteTrack(track, muted, false);
      return track.info.clone();
    },
    updateParticipant: (name, identity, change) => update(participantOf(name, identity), change),
    updateSubscriptions: (name, identity, sids, isSubscribed) =>
      choose(participantOf(name, identity), sids, isSubscribed),
    sendData(name, packet, to) {
      const label = packet.kind === DataPacket_Kind.LOSSY ? '_lossy' : '_reliable';
      deliver(roomOf(name), label, packet, to.length === 0 ? undefined : new Set(to));
    },
    onEvent: (handler) => rooms.onEvent(handler),
  };
}

function trackOf({ tracks }: Participant, sid: string): Track {
  const track = tracks.get(sid);
  if (!track) throw new NotFound('track is not found');
  return track;
}

function setMetadata(room: Room, metadata: string) {
  if (Buffer.byteLength(metadata) > room.limits.metadata)
    throw new RoomRefusal('invalid_argument', `metadata has at most ${room.limits.metadata} bytes`);
  room.metadata = metadata;
  const info = roomInfo(room);
  tellAll(room, { case: 'roomUpdate', value: new RoomUpdate({ room: info }) });
  return info;
}

function update(participant: Participant, change: ParticipantChange) {
  const refusal = tooLong(participant.room, change);
  if (refusal !== undefined) throw new RoomRefusal('invalid_argument', refusal);
  changeParticipant(participant, change);
  return participantInfo(participant);
}
