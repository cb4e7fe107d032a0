import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorEnvelope, SessionId } from '@callgate/contract';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Door } from '../features/calls/index.ts';
import {
  type JoinClaims,
  type JoinTokens,
  type MediaPlane,
  type OpenDoors,
  readServiceToken,
  type ServiceRules,
} from '../features/media/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, notAllowed } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { refuseUpgrade } from '../kernel/refuse-upgrade.ts';
import { createTurnOfEach } from '../kernel/turn.ts';
import { createCrowd } from './crowd.ts';
import { type Entered, enter } from './entering.ts';
import { type Asked, readAsked } from './knocking.ts';
import { leaveMessage } from './leave.ts';
import type { MediaKind, MediaView } from './media-view.ts';
import { type Place, takePlace } from './place.ts';
import { createRelays } from './relays.ts';
import { encodeResponse } from './signal-codec.ts';

/** What HTTP knows about who may come near; handed in by `app.ts`. */
export interface Entrance {
  /** Throws 421 or 403 for a page that must not reach this server, 429 for an address with too many refused tokens. */
  arrive(message: IncomingMessage): { address: string; counted: string | null };
  /** Counts a dial; throws 429 above the limit of the address. */
  takeDial(address: string): void;
  /** Counts a refused token. */
  noteRefused(address: string): void;
  envelope(error: unknown): ErrorEnvelope;
}

export interface GatewayDeps {
  clock: Clock;
  logger: Logger;
  door: Door;
  doors: OpenDoors;
  media: MediaPlane;
  joinTokens: JoinTokens;
  /** What sessions are judged with; here the keys of services. */
  judge: { services: ServiceRules };
  entrance: Entrance;
  /** What the person of a session may do now. */
  readView(id: JoinClaims['sessionId']): Promise<MediaView>;
  /** Clears a mute for the person's own unmute; false: they may not. */
  unmute(id: JoinClaims['sessionId'], kind: MediaKind): Promise<boolean>;
}

/** The door for media clients: everything between them and the media server's signalling. */
export interface Gateway {
  /** Takes over an upgrade of `/rtc` or `/rtc/v1`. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** What `validate` answers: undefined when the client would be let in, else the error. Changes nothing. */
  validate(message: IncomingMessage): Promise<ErrorEnvelope | undefined>;
  /** Dropped messages and refusals by name, and what is open. */
  stats(): { open: number; counts: ReadonlyMap<string, number> };
  /** Sends everybody away; they come back to whoever serves the door next. */
  close(): Promise<void>;
}

/** Longest message of a client, in bytes: an offer of Chromium with 70 m-lines is 323 kB, and its state holds two. */
const MOST_MESSAGE = 1536 * 1024;

export function createGateway(deps: GatewayDeps): Gateway {
  const { logger, door, doors, entrance, media } = deps;
  const server = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    maxPayload: MOST_MESSAGE,
    // Of one client's messages that came together one at a time: others have their turn between them.
    allowSynchronousEvents: false,
  });
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const crowd = createCrowd();
  const inTurn = createTurnOfEach<SessionId>();
  const relays = createRelays({ ...deps, count });
  const entering = { ...deps, ...{ count, inTurn }, participants: relays.participants };
  let isStopping = false;

  /** Throws whatever keeps the client out; what it took up is given back then. */
  const come = async (message: IncomingMessage): Promise<{ entered: Entered | undefined; place: Place }> => {
    if (isStopping) throw new ApiError('overloaded', 'the server stops; connect again');
    if (!media.configured) throw new ApiError('overloaded', 'no media server is configured');
    const { address, counted } = entrance.arrive(message);
    entrance.takeDial(address);
    const { asked, claims } = identify(deps, message, address);
    const place = takePlace({ crowd, doors }, address, claims);
    try {
      return { place, entered: await enter(entering, { asked, claims, address: counted }) };
    } catch (error) {
      place.leave();
      throw error;
    }
  };

  const refuse = (socket: Duplex, error: unknown): void => {
    const told = entrance.envelope(error);
    count(`refused: ${told.code}`);
    if (told.StatusCode >= 500) logger.error({ err: error }, 'the media door could not let in');
    refuseUpgrade(socket, told);
  };

  return {
    upgrade(message, socket, head) {
      socket.on('error', () => undefined);
      come(message).then(
        ({ entered, place }) => {
          // A client that hung up meanwhile never gets a WebSocket, so nobody would tell.
          if (socket.destroyed || place.refusedFor !== undefined) {
            giveUp(entered, place);
            return refuse(socket, shutOut(place.refusedFor));
          }
          let isOpen = false;
          server.handleUpgrade(message, socket, head, (client) => {
            isOpen = true;
            if (entered) return relays.open(client, socket, entered, place);
            place.leave();
            sendAway(client);
          });
          // It opens at once or never: what is no handshake, or half closed by now, it has refused by itself.
          if (!isOpen) giveUp(entered, place);
        },
        (error: unknown) => refuse(socket, error),
      );
    },
    async validate(message) {
      try {
        const { address, counted } = entrance.arrive(message);
        const { claims } = identify(deps, message, address);
        await door.look({ claims, address: counted, resumes: null });
        return undefined;
      } catch (error) {
        return entrance.envelope(error);
      }
    },
    stats: () => ({ open: relays.size, counts }),
    async close() {
      isStopping = true;
      await Promise.all(doors.all().map((connection) => connection.close('restart')));
    },
  };
}

/** Who knocks; throws 401 without a token that is good, which counts against the address. */
function identify(
  { clock, judge, joinTokens, entrance }: GatewayDeps,
  message: IncomingMessage,
  address: string,
): { asked: Asked; claims: JoinClaims } {
  try {
    const asked = readAsked(message);
    const now = clock.now();
    const ofService = readServiceToken(judge.services, asked.token, now);
    return { asked, claims: ofService ?? joinTokens.verify(asked.token, now) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) entrance.noteRefused(address);
    throw error;
  }
}

/** The client must start from nothing: there is no participant that it could go on with. */
function sendAway(client: WebSocket): void {
  client.on('error', () => undefined);
  client.send(encodeResponse(leaveMessage('rejoin')));
  client.close(1000);
}

/** What was dialled for a client that is gone. Its session stays: it may come back. */
function giveUp(entered: Entered | undefined, place: Place): void {
  entered?.dialled.socket.terminate();
  place.leave();
}

/** An act was faster than the client's way in. */
function shutOut(reason: string | undefined): ApiError {
  const error = notAllowed('this session is over; join again');
  error.details.push({ reason: reason ?? 'gone' });
  return error;
}
