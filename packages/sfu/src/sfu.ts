import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { DisconnectReason, type ICEServer } from '@livekit/protocol';
import type { Clock } from './clock.ts';
import type { MediaPeer, MediaPeerHandlers } from './media/media-peer.ts';
import { createRoomControl } from './rooms/control.ts';
import { DEFAULT_LIMITS, type Limits } from './rooms/limits.ts';
import { QUALITY_EVERY_MS } from './rooms/quality.ts';
import type { RoomControl } from './rooms/room-control.ts';
import { Rooms } from './rooms/rooms.ts';
import { SPEAKERS_EVERY_MS } from './rooms/speakers.ts';
import type { JoinGrants, Participant } from './rooms/state.ts';
import { tell } from './rooms/tell.ts';
import { Door } from './signalling/door.ts';
import type { JoinTokens } from './signalling/join-tokens.ts';
import type { Transports } from './transport/transport.ts';

export interface SfuOptions {
  readonly transports: Transports;
  createPeer(handlers: MediaPeerHandlers): MediaPeer;
  readonly tokens: JoinTokens;
  readonly clock: Clock;
  /** Of clients, beside our own candidates; default: none. */
  readonly iceServers?: readonly ICEServer[];
  /** Whether joining makes a room that is not there. Default: true, as LiveKit's. */
  readonly autoCreate?: boolean;
  readonly limits?: Partial<Limits>;
  /** Why clients were sent away, for the log; nothing secret. Default: nowhere. */
  note?(what: string): void;
}

/** Rooms, their signalling and their media, without a server of their own. */
export interface Sfu {
  readonly bootId: string;
  readonly roomControl: RoomControl;
  /** True where the path is one of clients' (`/rtc`, `/rtc/v1`); then it is answered. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** True where the path is one of clients' (`/rtc/validate`, `/rtc/v1/validate`); then it is answered. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** What was dropped or refused since the start, by name. */
  counts(): ReadonlyMap<string, number>;
  /** Everybody is told that the server ends; their media ends in this tick. */
  close(): void;
}

/** Between two looks at rooms without anybody; at clients that are silent; in milliseconds. */
const SWEEP_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 5_000;
/** LiveKit's: seconds that a room stays before anybody comes, and after the last has left. */
const [EMPTY_TIMEOUT_S, DEPARTURE_TIMEOUT_S] = [300, 20];

/** Puts the SFU together. */
export function createSfu(options: SfuOptions): Sfu {
  const { transports, createPeer, tokens, clock, iceServers = [], autoCreate = true } = options;
  const { note = () => undefined } = options;
  const bootId = `ND_${randomBytes(9).toString('hex').slice(0, 12)}`;
  const counts = new Map<string, number>();
  const now = (): number => clock.now();
  const rooms = new Rooms({
    now,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    emptyTimeoutS: EMPTY_TIMEOUT_S,
    departureTimeoutS: DEPARTURE_TIMEOUT_S,
    refreshToken: (participant) =>
      tell(participant, { case: 'refreshToken', value: tokens.refresh(grantsOf(participant)) }),
  });
  const door = new Door({
    ...{ rooms, transports, createPeer, now, note, autoCreate, facts: { bootId, iceServers } },
    monotonic: () => clock.monotonic(),
    readToken: (token) => tokens.read(token),
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
  });
  const timers = [
    setInterval(() => rooms.tellSpeakers(), SPEAKERS_EVERY_MS),
    setInterval(() => rooms.tellQuality(), QUALITY_EVERY_MS),
    setInterval(() => rooms.sweep(), SWEEP_EVERY_MS),
    setInterval(() => door.look(), LOOK_EVERY_MS),
  ];
  return {
    bootId,
    roomControl: createRoomControl(rooms),
    handleUpgrade: (request, socket, head) => door.handleUpgrade(request, socket, head),
    handleRequest: (request, response) => door.handleRequest(request, response),
    counts: () => counts,
    close() {
      for (const timer of timers) clearInterval(timer);
      for (const room of rooms.all()) rooms.close(room, DisconnectReason.SERVER_SHUTDOWN);
      door.close();
      transports.close();
    },
  };
}

function grantsOf(participant: Participant): JoinGrants {
  const { identity, room, name, metadata, attributes, kind, permission, expiresAt } = participant;
  return { identity, room: room.name, name, metadata, attributes, kind, permission, expiresAt };
}
