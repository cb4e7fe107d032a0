import { knock, type SignalSocket } from './signal.ts';
import type { MediaWorld } from './world.ts';

/** What the media server holds of a participant. */
export interface Held {
  /** In LiveKit's words: MICROPHONE is 2, CAMERA 1, SCREEN_SHARE 3, SCREEN_SHARE_AUDIO 4. */
  sources: readonly number[];
  data: boolean;
  name: string;
}

/** A call of its own with Sara and Bob outside it, for one case. */
export interface Stage {
  readonly cid: string;
  readonly path: string;
  /** By a server token; throws unless it succeeds. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
  /** The call is of a type of its own, a copy of `default`, from now on: before anybody is in. */
  ownType(): Promise<void>;
  /** Joins by the person's own token from that address, and comes in by signalling. */
  joinFrom(userId: string, address: string): Promise<SignalSocket>;
}

let cases = 0;

/** Sets one up; the people are new each time in all but their names. */
export async function openStage(world: MediaWorld): Promise<Stage & { enter: typeof enter }> {
  const name = `case-${++cases}`;
  let cid = `default:${name}`;
  const ask: Stage['ask'] = async (method, path, body) => {
    const reply = await world.ask(method, path, body);
    if (reply.status >= 300)
      throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  await ask('POST', '/users', {
    users: Object.fromEntries(['owner', 'sara', 'bob'].map((id) => [id, { id, role: 'user', teams: [] }])),
  });
  await ask('PATCH', '/users', { users: [{ id: 'sara', unset: ['revoke_tokens_issued_before'] }] });
  await ask('DELETE', '/moderation/ban', { target_user_id: 'sara' });
  await ask('POST', '/users/sara/reactivate', {}).catch(() => undefined);
  await world.call(cid, []);
  const joined = async (userId: string, more: object, from?: string): Promise<SignalSocket> => {
    const headers = from === undefined ? {} : { 'x-forwarded-for': from };
    const own = from !== undefined;
    const reply = await world.server.api('POST', `/api/v2${stage.path}/join`, {
      headers,
      body: own ? more : { ...more, user_id: userId },
      ...(own && { token: world.server.userToken(userId) }),
    });
    const { credentials } = reply.body as { credentials?: { url: string; token: string } };
    if (!credentials) throw new Error(`${userId} may not join: ${JSON.stringify(reply.body)}`);
    const knocked = await knock(credentials.url, credentials.token, {}, headers);
    if (!('socket' in knocked)) throw new Error(`${userId} is not let in: ${JSON.stringify(knocked)}`);
    await knocked.socket.until('join');
    return knocked.socket;
  };
  const stage: Stage = {
    get cid() {
      return cid;
    },
    get path() {
      return `/video/call/${cid.replace(':', '/')}`;
    },
    ask,
    async ownType() {
      cid = `${name}:${name}`;
      await ask('POST', '/video/calltypes', { name });
      await world.call(cid, []);
    },
    joinFrom: (userId, address) => joined(userId, {}, address),
  };
  const enter = (more: object, byOwnToken: boolean): Promise<SignalSocket> =>
    joined('sara', more, byOwnToken ? '203.0.113.50' : undefined);
  return Object.defineProperties(
    { enter } as Stage & { enter: typeof enter },
    Object.getOwnPropertyDescriptors(stage),
  );
}

/** What LiveKit holds of Sara in the call; undefined: nothing. */
export async function heldOfSara(world: MediaWorld, cid: string): Promise<Held | undefined> {
  const all = await world.livekit.rooms.listParticipants(cid).catch(() => []);
  const sara = all.find(({ identity }) => identity.startsWith('sara#'));
  if (!sara) return undefined;
  const { canPublish, canPublishSources = [], canPublishData = false } = sara.permission ?? {};
  return { sources: canPublish ? canPublishSources : [], data: canPublishData, name: sara.name };
}
