import { SignalRequest } from '@livekit/protocol';
import type { WebSocket } from 'ws';
import { frameOf } from '../rooms/describe.ts';
import type { Message } from '../rooms/state.ts';

/** Longest message of a client in bytes: the offer of somebody who receives hundreds of tracks. */
export const MAX_MESSAGE_BYTES = 512 * 1024;
/** Bytes that may wait for a slow client; more, and its socket is cut. It may resume. */
const MOST_BUFFERED = 4 * 1024 * 1024;
/** Messages a second of one client, and how many may come at once; faster, and they wait in its own socket. */
const MESSAGES_PER_S = 100;
const MESSAGES_AT_ONCE = 300;
/** A client that says nothing for so long, not even by the WebSocket's own pong, is gone; in milliseconds. */
const SILENT_MS = 30_000;
/** After our `leave` a client has this long to close by itself, in milliseconds. */
const CLOSE_MS = 500;

export interface SignalHandlers {
  /** Never throws. Not called after `close`. */
  onRequest(message: SignalRequest['message']): void;
  /** The client broke the protocol: what it sent is no message. */
  onBreach(what: string): void;
  /** Once, however it ended. */
  onClosed(): void;
}

/** One WebSocket of a client: messages in, frames out, both bounded. */
export class SignalSocket {
  readonly #ws: WebSocket;
  readonly #monotonic: () => number;
  #lastHeardMs: number;
  #left = MESSAGES_AT_ONCE;
  #filledMs: number;
  #isOver = false;

  constructor(ws: WebSocket, monotonic: () => number, handlers: SignalHandlers) {
    this.#ws = ws;
    this.#monotonic = monotonic;
    this.#lastHeardMs = monotonic();
    this.#filledMs = this.#lastHeardMs;
    ws.on('error', () => undefined);
    ws.on('pong', () => this.#heard());
    ws.on('message', (data, isBinary) => {
      this.#heard();
      if (!this.#isOver) this.#received(data as Buffer, isBinary, handlers);
    });
    ws.once('close', () => {
      this.#isOver = true;
      handlers.onClosed();
    });
  }

  #heard(): void {
    this.#lastHeardMs = this.#monotonic();
  }

  #received(bytes: Buffer, isBinary: boolean, handlers: SignalHandlers): void {
    this.#take();
    const request = isBinary ? read(bytes) : undefined;
    if (request) handlers.onRequest(request.message);
    else handlers.onBreach('a frame that is no SignalRequest');
  }

  /** Takes one message from what the client may send; where none is left, reads on once there is. */
  #take(): void {
    const now = this.#monotonic();
    this.#left =
      Math.min(MESSAGES_AT_ONCE, this.#left + ((now - this.#filledMs) * MESSAGES_PER_S) / 1000) - 1;
    this.#filledMs = now;
    if (this.#left >= 0) return;
    this.#ws.pause();
    setTimeout(() => this.#ws.resume(), (-this.#left * 1000) / MESSAGES_PER_S).unref();
  }

  send(frame: Uint8Array): void {
    if (this.#isOver || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#ws.send(frame);
    if (this.#ws.bufferedAmount > MOST_BUFFERED) this.#ws.terminate();
  }

  tell(message: Message): void {
    this.send(frameOf(message));
  }

  /** Call it every few seconds: asks whether the client is there, and cuts the socket of one that is not. */
  look(): void {
    if (this.#monotonic() - this.#lastHeardMs > SILENT_MS) this.#ws.terminate();
    else if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
  }

  /** Nothing is read any more; what was sent arrives, unless the client does not take it in time. */
  close(): void {
    this.#isOver = true;
    this.#ws.close(1000);
    setTimeout(() => this.#ws.terminate(), CLOSE_MS).unref();
  }
}

function read(bytes: Buffer): SignalRequest | undefined {
  try {
    return SignalRequest.fromBinary(bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}
