import {
  ParticipantInfo,
  ParticipantInfo_State,
  Room,
  TrackInfo,
  type WebhookEvent,
} from '@livekit/protocol';
import { NotFound, type ParticipantChange, type RoomControl, RoomRefusal } from '../rooms/room-control.ts';

/** Rooms without media behind `RoomControl`, for the API's own tests: what is put in is found, changed and removed. */
export interface TestRooms extends RoomControl {
  /** Puts a participant with one track into a room that is there. */
  put(room: string, identity: string, trackSid: string): void;
  happen(event: WebhookEvent): void;
  /** Calls that change no list: `sendData room 3 bytes to a,b`. */
  readonly said: string[];
}

export function testRooms(): TestRooms {
  const rooms = new Map<string, { info: Room; people: Map<string, ParticipantInfo> }>();
  const handlers: ((event: WebhookEvent) => void)[] = [];
  const said: string[] = [];
  const roomOf = (name: string) => rooms.get(name) ?? fail(`requested room does not exist`);
  const personOf = (room: string, identity: string) =>
    roomOf(room).people.get(identity) ?? fail('participant does not exist');
  return {
    said,
    createRoom({ name, metadata, emptyTimeoutS, maxParticipants }) {
      const info = new Room({
        sid: `RM_${name}`,
        name,
        metadata,
        emptyTimeout: emptyTimeoutS,
        maxParticipants,
      });
      if (!rooms.has(name)) rooms.set(name, { info, people: new Map() });
      return roomOf(name).info;
    },
    listRooms: (names) =>
      [...rooms.values()]
        .map(({ info }) => info)
        .filter(({ name }) => names.length === 0 || names.includes(name)),
    deleteRoom: (name) => void (rooms.delete(name) || fail('requested room does not exist')),
    updateRoomMetadata(name, metadata) {
      roomOf(name).info.metadata = metadata;
      return roomOf(name).info;
    },
    listParticipants: (room) => [...roomOf(room).people.values()],
    getParticipant: personOf,
    removeParticipant(room, identity) {
      personOf(room, identity);
      roomOf(room).people.delete(identity);
    },
    mutePublishedTrack(room, identity, trackSid, muted) {
      const track =
        personOf(room, identity).tracks.find(({ sid }) => sid === trackSid) ?? fail('track is not found');
      if (!muted) throw new RoomRefusal('failed_precondition', 'people unmute themselves');
      track.muted = muted;
      return track;
    },
    updateParticipant(room, identity, change: ParticipantChange) {
      said.push(`updateParticipant ${Object.keys(change).join()}`);
      return Object.assign(personOf(room, identity), change);
    },
    updateSubscriptions(room, identity, trackSids, subscribe) {
      personOf(room, identity);
      said.push(`updateSubscriptions ${identity} ${trackSids.join()} ${subscribe}`);
    },
    sendData(room, packet, to) {
      roomOf(room);
      const bytes = packet.value.case === 'user' ? packet.value.value.payload.length : -1;
      said.push(`sendData ${room} ${bytes} bytes to ${to.join()}`);
    },
    onEvent: (handler) => void handlers.push(handler),
    put(room, identity, trackSid) {
      const tracks = [new TrackInfo({ sid: trackSid })];
      const state = ParticipantInfo_State.ACTIVE;
      roomOf(room).people.set(
        identity,
        new ParticipantInfo({ sid: `PA_${identity}`, identity, state, tracks }),
      );
    },
    happen(event) {
      for (const handler of handlers) handler(event);
    },
  };
}

function fail(message: string): never {
  throw new NotFound(message);
}
