import type { Duplex } from 'node:stream';
import type { CallCid, ConnectionId, UserId } from '@callgate/contract';
import { WebSocket } from 'ws';
import type { Asked } from '../features/policy/index.ts';
import type { Seen } from '../features/users/index.ts';
import type { WatchRow } from '../features/watching/index.ts';
import { Frame } from './frame.ts';

/** Bytes that may wait for one reader; who lets more pile up is cut off and may resume. */
const MOST_BUFFERED = 1024 * 1024;
/** Messages held back while what was missed is sent. */
const MOST_HELD = 1_000;
/** A reader that does not take the closing frame either is cut off after this, in milliseconds. */
const CLOSE_MS = 2_000;

/** Codes with which we close (api.md 7). */
export const CLOSE = {
  normal: 1000,
  restart: 1012,
  overload: 1013,
  unauthenticated: 4001,
  refused: 4003,
  silent: 4008,
  expired: 4009,
} as const;
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** JSON; a frame where many get the same. */
type Message = string | Frame;

/** One authenticated event socket. */
export class SocketSession {
  readonly id: ConnectionId;
  readonly userId: UserId;
  /** What policy is asked with. */
  readonly asked: Asked;
  /** When the token runs out, ms; null: never. */
  readonly expiresAt: number | null;
  /** What it watches now. */
  readonly watches = new Map<CallCid, WatchRow>();
  /** The number of each watch, as the registry counts them: to watch once more what is watched changes nothing. */
  readonly since = new Map<CallCid, number>();
  /** Watches among them that policy has yet to confirm: until then it is asked at each event. */
  readonly unconfirmed = new Set<CallCid>();
  /** The place up to which the person has been told: what has this place or an earlier one is not sent again. */
  place = 0;
  /** When the client was heard last, and told last that it is well, ms. */
  heardAt: number;
  checkedAt: number;
  /** When it was last written down that the person is there, ms. */
  seenAt: number;
  readonly #socket: WebSocket;
  readonly #wire: Duplex;
  /** Messages that wait until what was missed has been sent; undefined: nothing waits. */
  #held: Message[] | undefined = [];
  #over = false;

  constructor(
    { socket, wire }: { socket: WebSocket; wire: Duplex },
    facts: { id: ConnectionId; userId: UserId; asked: Asked; expiresAt: number | null; now: number },
  ) {
    this.#socket = socket;
    this.#wire = wire;
    this.id = facts.id;
    this.userId = facts.userId;
    this.asked = facts.asked;
    this.expiresAt = facts.expiresAt;
    this.heardAt = facts.now;
    this.checkedAt = facts.now;
    this.seenAt = facts.now;
  }

  /** Who is there, and from where. */
  get seen(): Seen {
    return { user_id: this.userId, address: this.asked.address };
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Sends, or holds back while something else must go first. */
  send(message: Message): void {
    if (this.#held === undefined) this.sendNow(message);
    else if (this.#held.push(message) > MOST_HELD) this.close(CLOSE.overload, 'too much happened meanwhile');
  }

  /** Sends before everything that is held back. */
  sendNow(message: Message): void {
    if (this.#over || this.#socket.readyState !== WebSocket.OPEN) return;
    if (message instanceof Frame) this.#wire.write(message.bytes);
    else this.#socket.send(message);
    if (this.#socket.bufferedAmount > MOST_BUFFERED) this.close(CLOSE.overload, 'reads too slowly');
  }

  /** Sends what was held back; from now on nothing is. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.sendNow(message);
  }

  /** Nothing is sent any more. */
  close(code: CloseCode, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#held = undefined;
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }
}
