import type { IncomingMessage } from 'node:http';
import type { ConnectRequest, ErrorEnvelope } from '@callgate/contract';
import type { WebSocket } from 'ws';
import type { Caller } from '../features/policy/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { connectionError } from './messages.ts';
import type { Opening } from './opening.ts';
import { CLOSE, type CloseCode, type SocketSession } from './session.ts';

/** How long a client may take for its first message, in milliseconds. */
const FIRST_MESSAGE_MS = 5_000;
/** Sockets without an accepted first message, of one address. */
const MOST_UNKNOWN = 100;

export interface Arrival {
  address: string;
  /** What policy is told; null where the address must not count. */
  counted: string | null;
}

/** What HTTP knows about who may open a socket; handed in by `app.ts`. */
export interface Door {
  arrive(message: IncomingMessage): Arrival;
  identify(
    message: IncomingMessage,
    arrival: Arrival,
    first: Buffer,
  ): Promise<{ caller: Extract<Caller, { kind: 'user' }>; first: ConnectRequest }>;
  envelope(error: unknown): ErrorEnvelope;
}

/** Takes a fresh socket from its first message to a session, or says why not and closes it. */
export function createAccept(deps: {
  clock: Clock;
  logger: Pick<Logger, 'error'>;
  isStopping(): boolean;
  open(opening: Opening): Promise<SocketSession>;
  listen(session: SocketSession, socket: WebSocket): void;
}): (door: Door, message: IncomingMessage, arrival: Arrival, socket: WebSocket) => Promise<void> {
  const { clock, logger, isStopping, open, listen } = deps;
  const unknown = createTally();

  const accept = async (
    door: Door,
    message: IncomingMessage,
    arrival: Arrival,
    socket: WebSocket,
  ): Promise<void> => {
    if (unknown.count(arrival.address) > MOST_UNKNOWN) {
      throw new ApiError('rate_limited', `more than ${MOST_UNKNOWN} sockets of this address say nothing`);
    }
    const bytes = await firstMessage(socket);
    if (bytes === undefined) return;
    const { caller, first } = await door.identify(message, arrival, bytes);
    if (isStopping()) throw new ApiError('overloaded', 'the server stops; connect again');
    listen(await open({ socket, wire: message.socket, caller, first, address: arrival.counted }), socket);
  };

  return async (door, message, arrival, socket) => {
    unknown.add(arrival.address, 1);
    try {
      await accept(door, message, arrival, socket);
    } catch (error) {
      const told = door.envelope(error);
      if (told.StatusCode >= 500) logger.error({ err: error }, 'a socket could not be opened');
      if (socket.readyState === socket.OPEN) {
        socket.send(connectionError(clock.now(), { connection_id: '', error: told }));
      }
      socket.close(codeOf(error), closingText(told.message));
    } finally {
      unknown.add(arrival.address, -1);
    }
  };
}

/** The first message; undefined: the client was gone. Throws when it does not come in time. */
const firstMessage = (socket: WebSocket): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const late = new ApiError('authentication', 'the first message did not come within 5 s');
    const timer = setTimeout(() => reject(late), FIRST_MESSAGE_MS);
    socket.once('message', (data) => {
      clearTimeout(timer);
      resolve(Buffer.isBuffer(data) ? data : Buffer.concat(data as Buffer[]));
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });

/** Banned addresses, deactivated and deleted people are told 4003; whoever did not say who they are, 4001. */
function codeOf(error: unknown): CloseCode {
  if (!(error instanceof ApiError)) return CLOSE.overload;
  if (error.kind === 'token_expired') return CLOSE.expired;
  if (error.kind === 'rate_limited' || error.kind === 'overloaded') return CLOSE.overload;
  return error.status === 403 ? CLOSE.refused : CLOSE.unauthenticated;
}

/** The reason of a closing frame has at most 123 bytes. */
export const closingText = (text: string): string =>
  Buffer.byteLength(text) <= 120 ? text : `${text.slice(0, 30)}...`;

function createTally() {
  const counts = new Map<string, number>();
  return {
    count: (key: string): number => counts.get(key) ?? 0,
    add(key: string, by: 1 | -1): void {
      const now = (counts.get(key) ?? 0) + by;
      if (now > 0) counts.set(key, now);
      else counts.delete(key);
    },
  };
}
