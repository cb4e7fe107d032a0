import { createTurn } from '@callgate/server/kernel/turn.ts';
import type { Message, SocketClient } from '../sockets/socket-client.ts';
import type { SocketWorld } from '../sockets/socket-world.ts';
import { callPath } from './scene.ts';

/** A watch that was asked for in a step, and how it was answered. */
export interface AskedWatch {
  cid: string;
  status: number;
  /** The connection that was to watch. */
  connectionId: string;
}

/** A person's client, and what it knows. */
export class Client {
  readonly name: string;
  readonly person: string;
  readonly #world: SocketWorld;
  #socket: SocketClient | undefined;
  /** The code with which the server closed it. */
  closed: number | undefined;
  /** Watches that were answered and not ended, as of the last step. */
  watching = new Set<string>();
  asked: AskedWatch[] = [];
  /** Calls whose watch was asked for and ended in one step: which came last is not known. */
  unsure: string[] = [];
  /** It was connected during the whole step. */
  isSteady = false;
  /** Ids of what it heard, across its sockets. */
  readonly ids = new Set<string>();
  /** A client does one thing with its connection after the other. */
  readonly inTurn = createTurn();
  #taken = 0;
  /** What came over the socket before and was not taken yet. */
  #kept: Message[] = [];

  constructor(world: SocketWorld, person: string, name: string) {
    this.#world = world;
    this.person = person;
    this.name = name;
  }

  get connectionId(): string {
    return this.#socket?.connectionId ?? '';
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && this.closed === undefined;
  }

  /** Goes on with the connection if there was one, or starts afresh. False: refused. */
  async connect(isAfresh: boolean): Promise<boolean> {
    const before = this.#socket;
    const known = before && !isAfresh ? { connection_id: before.connectionId, cursor: before.cursor } : {};
    const socket = await this.#world.connect(this.person, known).catch(() => undefined);
    if (!socket) return false;
    this.#kept = this.take();
    this.#socket = socket;
    this.closed = undefined;
    this.#taken = 0;
    this.isSteady = false;
    if (socket.messages[0]?.resumed !== true) this.watching.clear();
    void socket.closed.then(({ code }) => {
      if (this.#socket === socket) this.closed = code;
    });
    return true;
  }

  /** Ends its socket and waits until that is done. */
  async leave(): Promise<void> {
    this.isSteady = false;
    await this.#socket?.close();
    this.closed = LEFT;
  }

  async watch(cid: string): Promise<void> {
    const { connectionId } = this;
    const asked: AskedWatch = { cid, status: 0, connectionId };
    this.asked.push(asked);
    const query = `watch=true&connection_id=${connectionId}`;
    const { status } = await this.#world.as(this.person)('GET', `${callPath(cid)}?${query}`);
    asked.status = status;
  }

  /** Resolves when everything that was sent before the next sign of life is there, or the socket is closed. */
  async caughtUp(passTime: () => Promise<void>): Promise<void> {
    const socket = this.#socket;
    if (!socket || !this.isOpen) return passTime();
    const from = socket.messages.length;
    await passTime();
    const isNext = (message: Message): boolean =>
      message.type === 'health.check' && socket.messages.indexOf(message) >= from;
    await Promise.race([socket.until(isNext), socket.closed]).catch(() => socket.closed);
  }

  /** What came since it was taken last, without what is about the connection. */
  take(): Message[] {
    const all = this.#socket?.messages ?? [];
    const fresh = [...this.#kept, ...all.slice(this.#taken)];
    this.#kept = [];
    this.#taken = all.length;
    return fresh.filter(({ type }) => !OWN.has(type));
  }
}

/** How a client closes that leaves by itself. */
export const LEFT = 1000;
const OWN = new Set(['connection.ok', 'connection.error', 'health.check']);
