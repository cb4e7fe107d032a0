import { connect, createServer, type Socket } from 'node:net';
import { type Counter, type MediaKind, packetsReceived, rising, until } from '../clients/index.ts';
import { createClient, freePort, type Reply } from '../harness/index.ts';
import type { Joined, MediaWorld, Present } from './world.ts';

/** Bob made the call and listens, Dan speaks whatever happens, Sara and Carl are who it happens to. */
export type Who = 'sara' | 'carl' | 'bob' | 'dan';
const EVERYBODY: readonly Who[] = ['sara', 'carl', 'bob', 'dan'];

/** How somebody joins; by a server token unless it says more. */
export interface Entry {
  /** By a token of their own that was issued that many seconds ago. */
  tokenAge: number;
  /** Everybody of the scene who says so comes from one address that nobody else has. */
  fromThere?: true;
}

/** A call of its own with people of its own, so that scenes can go on side by side. */
export interface Scene {
  readonly cid: string;
  readonly path: string;
  /** A name that no other scene has, e.g. for a role. */
  readonly name: string;
  id(who: Who): string;
  /** By a server token, or the person's own; throws unless it succeeds. */
  ask(method: string, path: string, body?: object, as?: Who): Promise<Record<string, unknown>>;
  /** The call is another one, of a type of its own that grants this, from now on: before anybody is in. */
  ownType(grants: Readonly<Record<string, readonly string[]>>): Promise<void>;
  /** Another call, because this one has ended. */
  moveOn(): Promise<void>;
  join(who: Who, entry?: Entry): Promise<Reply<Joined & Record<string, unknown>>>;
  /** Joins, and is in the media with a new client. */
  enter(who: Who, entry?: Entry): Promise<Present>;
  /** A client that was let in, the last one of the person. */
  present(who: Who): Present;
  /** RTP packets of somebody's that somebody else received, over all sessions. */
  hears(listener: Who, speaker: Who, kind?: MediaKind): Counter;
  publish(who: Who, ...kinds: MediaKind[]): Promise<void>;
  /** How the newest connection of the person ended, once it has. */
  disconnected(who: Who): Promise<string | undefined>;
  /** Who is at the media server. */
  there(): Promise<string[]>;
  close(): Promise<void>;
}

let scenes = 0;

export async function openScene(world: MediaWorld): Promise<Scene> {
  const name = `scene${++scenes}`;
  const present = new Map<Who, Present>();
  const opened: Present[] = [];
  const there = await openElsewhere(world.server.baseUrl, `127.0.1.${scenes}`);
  let cid = '';
  const id = (who: Who): string => `${who}-${name}`;
  const ask: Scene['ask'] = async (method, path, body, as) => {
    const reply = await world.ask(method, path, body, as && id(as));
    if (reply.status < 300) return reply.body;
    throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  };
  const call = async (next: string): Promise<void> => {
    cid = next;
    await ask('POST', scene.path, { data: { created_by_id: id('bob') } });
  };
  const scene: Scene = {
    ...{ name, id, ask },
    get cid() {
      return cid;
    },
    get path() {
      return `/video/call/${cid.replace(':', '/')}`;
    },
    async ownType(grants) {
      await ask('POST', '/video/calltypes', { name });
      await ask('PUT', `/video/calltypes/${name}`, { grants });
      await call(`${name}:${name}`);
    },
    moveOn: () => call(`${cid}-on`),
    async join(who, entry) {
      if (!entry) return world.joinCall(scene.path, id(who));
      const iat = Math.floor(Date.now() / 1000) - entry.tokenAge;
      const client = entry.fromThere ? there.client(world) : world.server;
      const token = world.server.userToken(id(who), { iat });
      return client.api('POST', `/api/v2${scene.path}/join`, { token, body: {} });
    },
    async enter(who, entry) {
      const joined = (await until(`${who} may join`, async () => {
        const reply = await scene.join(who, entry);
        return reply.status === 201 && reply.body;
      })) as Joined;
      const one = await world.enterWith(id(who), joined);
      opened.push(one);
      present.set(who, one);
      return one;
    },
    present(who) {
      const one = present.get(who);
      if (!one) throw new Error(`${who} was never in`);
      return one;
    },
    hears: (listener, speaker, kind = 'microphone') =>
      packetsReceived(scene.present(listener).client, `${id(speaker)}#`, kind),
    async publish(who, ...kinds) {
      for (const kind of kinds) await scene.present(who).client.publish(kind);
    },
    async disconnected(who) {
      const events = await scene.present(who).client.events();
      return events.find(({ state }) => state === 'disconnected')?.reason;
    },
    async there() {
      const all = await world.livekit.rooms.listParticipants(cid).catch(() => []);
      return all.map(({ identity }) => identity.split('-')[0] ?? '').toSorted();
    },
    async close() {
      await Promise.all(opened.map(({ client }) => client.close()));
      await there.close();
    },
  };
  await ask('POST', '/users', {
    users: Object.fromEntries(EVERYBODY.map((who) => [id(who), { id: id(who) }])),
  });
  await call(`default:${name}`);
  return scene;
}

/** The server as it is reached from another address: what connects here goes on from there. */
async function openElsewhere(baseUrl: string, address: string) {
  const { port } = new URL(baseUrl);
  const own = await freePort();
  const open = new Set<Socket>();
  const relay = createServer((from) => {
    const to = connect({ host: '127.0.0.1', port: Number(port), localAddress: address });
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((listening) => relay.listen(own, '127.0.0.1', listening));
  let client: ReturnType<typeof createClient> | undefined;
  return {
    client({ server: { apiKey, apiSecret } }: MediaWorld) {
      client ??= createClient({ baseUrl: `http://127.0.0.1:${own}`, apiKey, apiSecret });
      return client;
    },
    async close(): Promise<void> {
      await client?.close();
      for (const socket of open) socket.destroy();
      await new Promise((closed) => relay.close(closed));
    },
  };
}

/** All of them rise. */
export const allRising = async (counters: readonly Counter[]): Promise<void> =>
  void (await Promise.all(counters.map((counter) => rising(counter, { by: 5, withinMs: 30_000 }))));
