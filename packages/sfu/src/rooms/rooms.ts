import {
  DisconnectReason,
  ParticipantInfo,
  Room as RoomInfo,
  TrackInfo,
  WebhookEvent,
} from '@livekit/protocol';
import { participantInfo, roomInfo } from './describe.ts';
import { leave } from './enter.ts';
import type { Limits } from './limits.ts';
import { type Qualities, tellQuality } from './quality.ts';
import { RoomRefusal } from './room-control.ts';
import { type Speaking, tellSpeakers } from './speakers.ts';
import { newSid, type Participant, type Report, type Room } from './state.ts';

export interface RoomsOptions {
  /** Milliseconds since 1970. */
  now(): number;
  readonly limits: Limits;
  /** Seconds that a room stays before anybody comes, and after everybody left; LiveKit's: 300 and 20. */
  readonly emptyTimeoutS: number;
  readonly departureTimeoutS: number;
  refreshToken(participant: Participant): void;
}

/** What a room is made with; 0 and '' stand for the server's own. */
export type RoomWish = Pick<Room, 'metadata' | 'emptyTimeoutS' | 'departureTimeoutS' | 'maxParticipants'>;
const NO_WISH: RoomWish = { metadata: '', emptyTimeoutS: 0, departureTimeoutS: 0, maxParticipants: 0 };

interface Held {
  readonly room: Room;
  readonly speaking: Speaking;
  readonly told: Qualities;
}

/** All rooms of the process, and what is reported of them. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, Held>();
  readonly #handlers: ((event: WebhookEvent) => void)[] = [];

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  now(): number {
    return this.#options.now();
  }

  find(name: string): Room | undefined {
    return this.#rooms.get(name)?.room;
  }

  all(): Room[] {
    return [...this.#rooms.values()].map(({ room }) => room);
  }

  /** There is no place for another room. */
  get isFull(): boolean {
    return this.#rooms.size >= this.#options.limits.rooms;
  }

  onEvent(handler: (event: WebhookEvent) => void): void {
    this.#handlers.push(handler);
  }

  /** The room of that name, made where it is not there. Throws `RoomRefusal` for a name or a number out of bounds. */
  open(name: string, wish: RoomWish = NO_WISH): Room {
    const known = this.find(name);
    const room = known ?? this.#make(name);
    if (Buffer.byteLength(wish.metadata) > room.limits.metadata)
      throw new RoomRefusal('invalid_argument', `metadata has at most ${room.limits.metadata} bytes`);
    for (const [key, value] of Object.entries(wish)) if (value) Object.assign(room, { [key]: value });
    if (known) return known;
    this.#rooms.set(name, { room, speaking: new Map(), told: new Map() });
    room.report('room_started', { room });
    return room;
  }

  #make(name: string): Room {
    const { limits, emptyTimeoutS, departureTimeoutS, refreshToken } = this.#options;
    if (name === '' || name.length > limits.name)
      throw new RoomRefusal('invalid_argument', `name has 1 to ${limits.name} characters`);
    if (this.isFull)
      throw new RoomRefusal('resource_exhausted', `there are ${limits.rooms} rooms; LiveKit holds more`);
    const now = this.now();
    return {
      ...{
        sid: newSid('RM'),
        name,
        createdAtMs: now,
        emptyTimeoutS,
        departureTimeoutS,
        limits,
        refreshToken,
      },
      ...{
        maxParticipants: 0,
        metadata: '',
        participants: new Map(),
        emptySinceMs: now,
        hadSomebody: false,
        departed: [],
      },
      report: this.#report,
    };
  }

  /** Sends everybody away and ends the room. */
  close(room: Room, reason: DisconnectReason): void {
    for (const participant of [...room.participants.values()]) leave(participant, reason, this.now());
    if (this.#rooms.delete(room.name)) room.report('room_finished', { room });
  }

  /** Ends rooms whose time without anybody is over. Call it every second or so. */
  sweep(): void {
    for (const { room } of [...this.#rooms.values()]) {
      if (room.emptySinceMs === undefined) continue;
      const stayS = room.hadSomebody ? room.departureTimeoutS : room.emptyTimeoutS;
      if (this.now() - room.emptySinceMs >= stayS * 1000) this.close(room, DisconnectReason.ROOM_CLOSED);
    }
  }

  /** Tells every room who speaks. Call it every `SPEAKERS_EVERY_MS`. */
  tellSpeakers(): void {
    for (const { room, speaking } of this.#rooms.values()) tellSpeakers(room, speaking);
  }

  /** Tells every room of its connections. Call it every `QUALITY_EVERY_MS`. */
  tellQuality(): void {
    for (const { room, told } of this.#rooms.values()) tellQuality(room, told);
  }

  /** As LiveKit fills its reports: of a track, room and participant are named by their ids alone. */
  readonly #report: Report = (name, { room, participant, track, reason }) => {
    const event = new WebhookEvent({
      ...{ event: name, id: newSid('EV'), createdAt: BigInt(Math.floor(this.now() / 1000)) },
      room: track ? new RoomInfo({ sid: room.sid, name: room.name }) : roomInfo(room),
    });
    if (participant) {
      const { sid, identity } = participant;
      event.participant = track
        ? new ParticipantInfo({ sid, identity })
        : participantInfo(participant, reason);
    }
    if (track) event.track = new TrackInfo(track.info);
    for (const handler of this.#handlers) handler(event);
  };
}
