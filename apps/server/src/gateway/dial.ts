import { WebSocket } from 'ws';
import { ApiError } from '../kernel/errors.ts';

/** How long the media server may take to answer a dial, in milliseconds. */
const ANSWER_MS = 10_000;
/** Longest message of the media server: the join of a room of thousands. */
const MOST_BYTES = 8 * 1024 * 1024;

/** A connection to the media server of which nothing has been relayed. */
export interface Dialled {
  socket: WebSocket;
  /** `join`, `reconnect`, or `leave` when the media server does not want the client. */
  first: Buffer;
  /** What came behind the first message, until somebody takes over; it is not read meanwhile. */
  takeOver(onMessage: (bytes: Buffer) => void, onClose: () => void): void;
}

/** The media server does not know the room, and does not make rooms by itself. */
export class NoRoomError extends Error {
  constructor() {
    super('the media server has no such room');
    this.name = 'NoRoomError';
  }
}

/** Dials (step (c)) and waits for the first message. Throws 503 when the media server cannot be reached. */
export function dial(url: string, token: string): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: ANSWER_MS,
      maxPayload: MOST_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    const timer = setTimeout(() => fail('did not answer in time'), ANSWER_MS);
    const fail = (what: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // Ending a socket that is being opened is told as an error.
      socket.on('error', () => undefined);
      socket.terminate();
      reject(unreachable(what));
    };
    socket.on('error', ({ message }) => fail(message));
    socket.on('close', () => fail('hung up'));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      if (response.statusCode !== 404) return fail(`answered ${response.statusCode}`);
      fail('has no room');
      reject(new NoRoomError());
    });
    socket.once('message', (data) => {
      clearTimeout(timer);
      socket.pause();
      socket.removeAllListeners('close');
      socket.removeAllListeners('error');
      socket.on('error', () => undefined);
      resolve({ socket, first: data as Buffer, takeOver: keepRest(socket) });
    });
  });
}

/** Frames that came in one piece with the first are told although the socket is paused; they wait in order. */
function keepRest(socket: WebSocket): Dialled['takeOver'] {
  const rest: Buffer[] = [];
  let isGone = false;
  const keep = (data: unknown): void => void rest.push(data as Buffer);
  const note = (): void => {
    isGone = true;
  };
  socket.on('message', keep);
  socket.once('close', note);
  return (onMessage, onClose) => {
    socket.off('message', keep);
    socket.off('close', note);
    for (const bytes of rest) onMessage(bytes);
    if (isGone) {
      onClose();
      return;
    }
    socket.on('message', (data) => onMessage(data as Buffer));
    socket.once('close', onClose);
    socket.resume();
  };
}

const unreachable = (what: string): ApiError =>
  new ApiError('overloaded', `the media server ${what}; connect again`, { retryAfterSeconds: 1 });
