import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '../sockets/socket-client.ts';
import { type Line, openLine } from './line.ts';
import type { Stretch } from './oracle.ts';
import type { Stage } from './stage.ts';

/** How a client comes back: with all it knows, or with something that a server cannot go on with. */
export type Return = 'resume' | 'without a cursor' | 'with a bad cursor' | 'too late';

const OWN = new Set(['connection.ok', 'connection.error', 'health.check']);
/** How long a client waits for something that must come, in milliseconds. */
export const PATIENCE_MS = 20_000;
/** Between two attempts to connect, in milliseconds. */
const AGAIN_MS = 5;

/** A client that keeps what it hears over all its sockets. */
export class Listener {
  readonly name: string;
  readonly userId: string;
  readonly #calls: readonly string[];
  readonly #stage: Stage;
  readonly #line: Line;
  /** What it hears now is the last one. */
  stretches: Stretch[] = [];
  #socket: WebSocket | undefined;
  #connectionId = '';
  #cursor = '';

  private constructor(
    stage: Stage,
    line: Line,
    who: { name: string; userId: string; calls: readonly string[] },
  ) {
    this.#stage = stage;
    this.#line = line;
    this.name = who.name;
    this.userId = who.userId;
    this.#calls = who.calls;
  }

  static async open(
    stage: Stage,
    who: { name: string; userId: string; calls: readonly string[] },
  ): Promise<Listener> {
    const line = await openLine(Number(new URL(stage.server.baseUrl).port));
    return new Listener(stage, line, who);
  }

  get connectionId(): string {
    return this.#connectionId;
  }
  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }
  get stretch(): Stretch {
    const last = this.stretches.at(-1);
    if (!last) throw new Error(`${this.name} was never connected`);
    return last;
  }

  hold(): void {
    this.#line.hold();
  }
  cut(how: 'reset' | 'end'): void {
    this.#line.cut(how);
  }

  /** Tries until it is connected. */
  async connect(how: Return): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await this.#attempt(how))) {
      if (performance.now() > deadline) throw new Error(`${this.name} does not get connected (${how})`);
      await pause(AGAIN_MS);
      await this.#stage.whenUp();
    }
  }

  /** Watches what it does not watch yet; false: the connection was lost, or the server, before all answered. */
  async watchAll(): Promise<boolean> {
    const { stretch } = this;
    const connectionId = this.#connectionId;
    for (const cid of this.#calls) {
      if (
        stretch.watches.get(cid)?.answered === undefined &&
        !(await this.#watch(stretch, connectionId, cid))
      ) {
        return false;
      }
    }
    return true;
  }

  /** Connected, and watching all. */
  async recover(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      if (!this.isOpen) await this.connect('resume');
      if (await this.watchAll()) return;
      if (performance.now() > deadline) throw new Error(`${this.name} does not get to watch its calls`);
      await pause(AGAIN_MS);
    }
  }

  async close(): Promise<void> {
    this.#socket?.close();
    await this.#line.close();
  }

  async #watch(stretch: Stretch, connectionId: string, cid: string): Promise<boolean> {
    const { server } = this.#stage;
    const asked = stretch.watches.get(cid)?.asked ?? (await this.#stage.instant());
    stretch.watches.set(cid, { asked, answered: undefined, version: 0 });
    const reply = await server
      .api<{ call: { custom: { version?: number } } }>('GET', `/api/v2/video/call/${cid.replace(':', '/')}`, {
        token: server.userToken(this.userId),
        query: { watch: 'true', connection_id: connectionId },
      })
      .catch(() => undefined);
    if (reply?.status !== 200) {
      // 400: the server has noticed that the connection is gone.
      if (reply && reply.status !== 400)
        this.#stage.problem(`${this.name} was answered ${reply.status} for ${cid}`);
      return false;
    }
    const version = reply.body.call.custom.version ?? 0;
    stretch.watches.set(cid, { asked, answered: await this.#stage.instant(), version });
    return true;
  }

  /** One socket; true when it was accepted. */
  async #attempt(how: Return): Promise<boolean> {
    const socket = new WebSocket(
      `ws://127.0.0.1:${this.#line.port}/api/v2/video/connect?api_key=${this.#stage.server.apiKey}`,
    );
    // Nothing of an older socket counts from here on: the cursor is that of the last message that was taken.
    this.#socket = socket;
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('open', () => socket.send(JSON.stringify(this.#firstMessage(how))));
    const isFirst = this.stretches.length === 0;
    const accepted = await new Promise<boolean>((resolve) => {
      socket.addEventListener('close', () => resolve(false));
      socket.addEventListener('message', ({ data }) => {
        if (socket !== this.#socket) return;
        const message = JSON.parse(String(data)) as Message;
        if (message.type === 'connection.ok') this.#accepted(message, isFirst || how !== 'resume');
        if (message.type === 'health.check') socket.send(String(data));
        if (message.cursor !== undefined) this.#cursor = message.cursor;
        if (!OWN.has(message.type)) this.stretch.heard.push(message);
        if (message.type === 'connection.ok') resolve(true);
      });
    });
    if (accepted) this.stretch.answered ??= await this.#stage.instant();
    return accepted;
  }

  #firstMessage(how: Return): object {
    const token = this.#stage.server.userToken(this.userId);
    if (this.#connectionId === '') return { token };
    const known = { token, connection_id: this.#connectionId };
    if (how === 'without a cursor') return known;
    return { ...known, cursor: how === 'with a bad cursor' ? 'AAAAAAAAAAAAAAAAAAAAAA' : this.#cursor };
  }

  #accepted(message: Message, isFreshExpected: boolean): void {
    if (message.resumed === isFreshExpected) {
      this.#stage.problem(`${this.name} was told resumed: ${message.resumed}`);
    }
    this.#stage.count(message.resumed ? 'resumed' : 'afresh');
    this.#connectionId = String(message.connection_id);
    if (message.resumed) return;
    const before = this.stretches.at(-1);
    if (before) before.isOver = true;
    this.stretches.push({
      ...{ userId: this.userId, answered: undefined },
      ...{ watches: new Map(), heard: [], isOver: false },
    });
  }
}
