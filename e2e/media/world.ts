import type { ClientEngine, MediaClient } from '../clients/index.ts';
import { freePort, type Reply, type RunningServer, type ServerEngine } from '../harness/index.ts';
import { type LiveKitServer, startLiveKit } from '../livekit/server.ts';
import type { MediaEngine } from './media-engines.ts';

/** What an act answers of enforcement. */
export interface Enforcement {
  state: 'applied' | 'pending' | 'no_media';
  sessions: number;
  tracks: number;
  took_ms: number;
}

type Body = Record<string, unknown> & { enforcement?: Enforcement };

/** What `join` answers of the way to the media. */
export interface Joined {
  session_id: string;
  credentials: { url: string; token: string; expires_at: string };
}

/** A Callgate process before a LiveKit server of its own. */
export interface MediaWorld {
  readonly server: RunningServer;
  readonly livekit: LiveKitServer;
  /** A request by a server token, or by a user's; the reply whatever its status. */
  ask(method: string, path: string, body?: unknown, as?: string): Promise<Reply<Body>>;
  /** As `ask`, of an act that must succeed; what it says held when it answered. */
  act(method: string, path: string, body?: unknown, as?: string): Promise<Enforcement>;
  /** Makes a call with these people; `settings` override its type's. Answers its path. */
  call(cid: string, people: readonly string[], settings?: object): Promise<string>;
  /** A session for a person; `as` joins by their own token, else a server token names them. */
  joinCall(path: string, userId: string, more?: object): Promise<Reply<Joined & Body>>;
  /** A client of the person that is in the media; `using`: of another kind than the world's. */
  enter(path: string, userId: string, more?: object, using?: ClientEngine): Promise<Present>;
  /** As `enter`, of somebody who has joined. */
  enterWith(userId: string, joined: Joined, using?: ClientEngine): Promise<Present>;
  /** Closes the clients; the servers go on, for the next test. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Somebody whose client is connected. */
export interface Present {
  userId: string;
  client: MediaClient;
  joined: Joined;
}

/** What a world may have otherwise. */
export interface WorldOptions {
  /** False: what LiveKit reports arrives nowhere. (Default: true) */
  reports?: boolean;
  /** Where the server finds its PostgreSQL, given where it is. */
  databaseUrl?: (location: string) => string;
  /** Where the server finds LiveKit, given where it is. */
  livekitUrl?: (location: string) => string;
}

/** Starts both servers; whoever starts them closes them. */
export async function openMediaWorld(
  engine: ServerEngine | MediaEngine,
  clients: ClientEngine,
  env: Record<string, string> = {},
  { reports = true, databaseUrl, livekitUrl = (location) => location }: WorldOptions = {},
): Promise<MediaWorld> {
  const port = await freePort();
  const hook = reports ? `http://127.0.0.1:${port}/livekit/webhook` : 'http://127.0.0.1:1/';
  const media = 'isEmbedded' in engine ? { isEmbedded: engine.isEmbedded } : {};
  const livekit = await startLiveKit({ webhookUrl: hook, ...media });
  const server = await engine
    .start({
      port,
      env: { ...livekit.env, LIVEKIT_URL: livekitUrl(livekit.url), ...env },
      ...(databaseUrl && { databaseUrl }),
    })
    .catch(async (error: unknown) => {
      await livekit.stop();
      throw error;
    });
  const open: MediaClient[] = [];
  const ask: MediaWorld['ask'] = (method, path, body, as) =>
    server.api<Body>(method, `/api/v2${path}`, {
      ...(as !== undefined && { token: server.userToken(as) }),
      ...(body !== undefined && { body }),
    });
  const succeed = async (method: string, path: string, body?: unknown, as?: string): Promise<Body> => {
    const reply = await ask(method, path, body, as);
    if (reply.status < 300) return reply.body;
    throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  };
  const joinCall: MediaWorld['joinCall'] = async (path, userId, more = {}) =>
    (await ask('POST', `${path}/join`, { ...more, user_id: userId })) as Reply<Joined & Body>;
  const enterWith: MediaWorld['enterWith'] = async (userId, joined, using = clients) => {
    const client = await using.open();
    open.push(client);
    await client.join(joined.credentials.url, joined.credentials.token).catch((error: Error) => {
      throw new Error(`${userId} does not come in: ${error.message}\n${server.output().slice(-6_000)}`);
    });
    return { userId, client, joined };
  };
  return {
    server,
    livekit,
    ask,
    joinCall,
    enterWith,
    async act(method, path, body, as) {
      const { enforcement } = await succeed(method, path, body, as);
      if (!enforcement) throw new Error(`${method} ${path} says nothing of enforcement`);
      return enforcement;
    },
    async call(cid, people, settings) {
      const users = Object.fromEntries([...people, 'owner'].map((id) => [id, { id }]));
      await succeed('POST', '/users', { users });
      const path = `/video/call/${cid.replace(':', '/')}`;
      const data = { created_by_id: 'owner', ...(settings && { settings_override: settings }) };
      await succeed('POST', path, { data });
      return path;
    },
    async enter(path, userId, more, using) {
      const { status, body: joined } = await joinCall(path, userId, more);
      if (status !== 201) throw new Error(`${userId} may not join: ${JSON.stringify(joined)}`);
      return enterWith(userId, joined, using);
    },
    async clear() {
      await Promise.all(open.splice(0).map((client) => client.close()));
    },
    async close() {
      await Promise.all(open.splice(0).map((client) => client.close()));
      await server.discard();
      await livekit.stop();
    },
  };
}
