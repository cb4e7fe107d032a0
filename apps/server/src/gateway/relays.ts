import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Door } from '../features/calls/index.ts';
import type { JoinClaims, JoinTokens, MediaPlane, MediaSession, OpenDoors } from '../features/media/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Connection } from './connection.ts';
import type { Entered } from './entering.ts';
import type { MediaKind, MediaView } from './media-view.ts';
import type { Place } from './place.ts';
import { createReadingLine } from './reading-line.ts';
import { type ClosedHow, Relay } from './relay.ts';

/** How long a participant whose client is gone is known, in milliseconds; media servers give up sooner. */
const KNOWN_MS = 2 * 60 * 1000;

export interface RelaysDeps {
  clock: Clock;
  logger: Logger;
  door: Door;
  doors: OpenDoors;
  media: MediaPlane;
  joinTokens: JoinTokens;
  readView(id: JoinClaims['sessionId']): Promise<MediaView>;
  unmute(id: JoinClaims['sessionId'], kind: MediaKind): Promise<boolean>;
  count(what: string): void;
}

/** The clients that are in, and what is known of their participants. */
export interface Relays {
  /** By their names at the media server: who takes up a connection again is judged by the same. */
  readonly participants: Map<string, Connection>;
  readonly size: number;
  /** Step (e). */
  open(client: WebSocket, source: Readable, entered: Entered, place: Place): void;
}

export function createRelays(deps: RelaysDeps): Relays {
  const { clock, logger, door, doors, media, joinTokens, count } = deps;
  const participants = new Map<string, Connection>();
  const line = createReadingLine();
  /** The participants that a client is connected as, each with its relay. */
  const inUse = new Map<Connection, Relay>();

  /** A client that comes back takes up what is known of it; after this long it has to join in full. */
  const forgetLater = (participant: Connection): void => {
    const sid = participant.roster.ownSid;
    setTimeout(() => {
      if (!inUse.has(participant) && participants.get(sid) === participant) participants.delete(sid);
    }, KNOWN_MS).unref();
  };

  const ended = (how: ClosedHow, participant: Connection, session: MediaSession): void => {
    if (how === 'cut') {
      forgetLater(participant);
      return;
    }
    participants.delete(participant.roster.ownSid);
    if (how === 'anew') return;
    const isOver =
      how === 'left' ? door.left(session.id, participant.roster.ownSid) : door.expelled(session.id);
    isOver.catch((err: unknown) => {
      logger.error({ err, session_id: session.id }, 'what a media client leaves behind is left to the sweep');
    });
  };

  return {
    participants,
    get size() {
      return inUse.size;
    },
    open(client, source, { claims, dialled, knocked, participant, view, also }, place) {
      const { sessionId } = claims;
      const older = [...inUse.values()].filter((relay) => relay.sessionId === sessionId);
      const relay: Relay = new Relay(client, dialled.socket, view, {
        sessionId,
        participant,
        count,
        source,
        queue: (go) => line.join(place.address, go),
        readView: () => deps.readView(sessionId),
        unmute: (kind) => deps.unmute(sessionId, kind),
        freshToken: () => joinTokens.sign(claims, clock.now()).token,
        drop: async () => void (await media.remove(knocked.session)),
        onError: (err) => logger.error({ err, session_id: sessionId }, 'a message at the media door failed'),
        onClosed(how) {
          doors.remove(relay);
          if (inUse.get(participant) === relay) inUse.delete(participant);
          place.leave();
          ended(how, participant, knocked.session);
        },
      });
      doors.add(relay);
      place.taken();
      inUse.set(participant, relay);
      for (const one of older) void one.close('replaced');
      relay.begin(dialled, also);
    },
  };
}
