import type { TestEngine } from '@callgate/server/storage/test-databases.ts';
import { CREDENTIALS, type ModelWorld, openWorld, type Patch } from '../model/world.ts';
import { type Message, openSocket, type SocketClient } from './socket-client.ts';

/** A server in this process with a clock that the test turns, and sockets to it. */
export interface SocketWorld extends ModelWorld {
  /** As a server, or as a person: status and body. */
  as(who: string | null): Ask;
  token(who: string, claims?: Record<string, unknown>): string;
  url(query?: Record<string, string>): string;
  /** An accepted socket of a person, from an address that a proxy names (default: this machine's). */
  connect(who: string, more?: object, from?: string): Promise<SocketClient>;
  /** A socket that watches a call. */
  watch(who: string, call: string): Promise<SocketClient>;
  /** Changes the call in a way that its watchers hear of as `call.updated`. */
  mark(): Promise<void>;
  /** Resolves when everything that was committed by now has arrived at the sockets; takes 30 s of the test's clock. */
  arrived(...sockets: SocketClient[]): Promise<void>;
}

export type Ask = (method: string, path: string, body?: object) => Promise<{ status: number; body: Body }>;
export type Body = Record<string, unknown>;

export const CALL = '/api/v2/video/call/default/one';

export async function openSocketWorld(engine: TestEngine, fault: Patch = {}): Promise<SocketWorld> {
  const world = await openWorld(engine, fault);
  const opened: SocketClient[] = [];
  let marks = 0;
  const token = (who: string, claims = {}): string =>
    world.client.userToken(who, { iat: Math.floor(world.clock.now() / 1000), ...claims });
  const url = (query: Record<string, string> = { api_key: CREDENTIALS.apiKey }): string =>
    `${world.baseUrl.replace('http', 'ws')}/api/v2/video/connect?${new URLSearchParams(query)}`;
  const connect: SocketWorld['connect'] = async (who, more = {}, from) => {
    const headers = from === undefined ? {} : { 'x-forwarded-for': from };
    const socket = await openSocket(url(), { token: token(who), ...more }, { headers });
    opened.push(socket);
    const [first] = socket.messages;
    if (first?.type !== 'connection.ok') throw new Error(`not connected: ${JSON.stringify(socket.messages)}`);
    return socket;
  };
  const as =
    (who: string | null): Ask =>
    async (method, target, body) => {
      const [path = '', query] = target.split('?');
      return world.client.api<Body>(method, path, {
        ...(who !== null && { token: token(who) }),
        ...(query && { query: Object.fromEntries(new URLSearchParams(query)) }),
        ...(body && { body }),
      });
    };
  return {
    ...world,
    get services() {
      return world.services;
    },
    get baseUrl() {
      return world.baseUrl;
    },
    get client() {
      return world.client;
    },
    as,
    token,
    url,
    connect,
    async watch(who, call) {
      const socket = await connect(who);
      const path = `/api/v2/video/call/${call.replace(':', '/')}?watch=true&connection_id=${socket.connectionId}`;
      const { status, body } = await as(who)('GET', path);
      if (status !== 200) throw new Error(`${who} may not watch ${call}: ${JSON.stringify(body)}`);
      return socket;
    },
    async mark() {
      const { status } = await as(null)('PATCH', CALL, { custom: { mark: ++marks } });
      if (status !== 200) throw new Error(`the call could not be changed: ${status}`);
    },
    async arrived(...sockets) {
      await world.services.eventOrder.flush();
      await world.services.sockets.settled();
      // What is sent on a socket arrives in order: with the next sign of life, all before it is there.
      const before = sockets.map(({ messages }) => messages.length);
      world.clock.advance(30_000);
      await world.services.sockets.tick();
      const isNext = (at: number) => (message: Message) =>
        message.type === 'health.check' &&
        (sockets[at]?.messages.indexOf(message) ?? -1) >= (before[at] ?? 0);
      await Promise.all(sockets.map((socket, at) => socket.until(isNext(at))));
    },
    async discard() {
      await Promise.all(opened.map((socket) => socket.close()));
      await world.discard();
    },
  };
}

/** The people and the call that most tests start from: mary made the call, mo moderates, sara and john are users. */
export async function withCall(world: SocketWorld): Promise<void> {
  const people = ['mary', 'mo', 'sara', 'john'];
  const users = Object.fromEntries(
    people.map((id) => [id, { id, role: id === 'mo' ? 'moderator' : 'user' }]),
  );
  const done = [
    await world.as(null)('POST', '/api/v2/users', { users }),
    await world.as(null)('POST', CALL, { data: { created_by_id: 'mary' } }),
  ];
  for (const { status, body } of done) if (status >= 300) throw new Error(JSON.stringify(body));
}
