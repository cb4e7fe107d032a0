import { rtcNodeClients } from '../clients/rtc-node.ts';
import { type ServerEngine, serverEngines } from '../harness/index.ts';
import { knock } from '../media/signal.ts';
import { type Enforcement, type Joined, type MediaWorld, openMediaWorld } from '../media/world.ts';
import { type RawClient, rawClient } from '../raw-client/index.ts';

/** A raw client that is in, with what it came by. */
export interface Intruder extends RawClient {
  readonly userId: string;
  readonly joined: Joined;
}

/** A server before a LiveKit, and a call with raw clients for each case. */
export interface HostileStage {
  readonly world: MediaWorld;
  /** Makes a call with Sara, who is hostile, and Bob, who listens; answers its path. */
  call(settings?: object): Promise<string>;
  /** A session for the person, and a raw client in it. */
  enter(path: string, userId: string, more?: object): Promise<Intruder>;
  /** A raw client with the credentials of a session; rejects when it is not let in. */
  comeIn(userId: string, joined: Joined): Promise<Intruder>;
  /** One more raw client with the credentials of another. */
  again(intruder: Intruder): Promise<Intruder>;
  act(path: string, verb: string, body: object): Promise<Enforcement>;
  /** What the door has counted under a name since the start. */
  counted(what: string): Promise<number>;
  /** Ends the clients of a case. */
  clear(): void;
  close(): Promise<void>;
}

/** The first engine of the run: what a hostile client can do does not depend on where the rows are. */
export async function openHostileStage(env: Record<string, string> = {}): Promise<HostileStage> {
  const clients = rtcNodeClients();
  const world = await openMediaWorld(serverEngines[0] as ServerEngine, clients, env);
  const open: RawClient[] = [];
  let calls = 0;
  const comeIn = async (userId: string, joined: Joined): Promise<Intruder> => {
    const knocked = await knock(joined.credentials.url, joined.credentials.token);
    if (!('socket' in knocked)) throw new Error(`${userId} is not let in: ${JSON.stringify(knocked)}`);
    const client = await rawClient(knocked.socket, userId);
    open.push(client);
    return Object.assign(client, { userId, joined });
  };
  const clear = (): void => {
    for (const client of open.splice(0)) client.close();
  };
  return {
    world,
    call: (settings) => world.call(`default:hostile-${++calls}`, ['sara', 'bob', 'carl'], settings),
    async enter(path, userId, more) {
      const { status, body: joined } = await world.joinCall(path, userId, more);
      if (status !== 201) throw new Error(`${userId} may not join: ${JSON.stringify(joined)}`);
      return comeIn(userId, joined);
    },
    comeIn,
    again: ({ userId, joined }) => comeIn(userId, joined),
    act: (path, verb, body) => world.act('POST', `${path}${verb}`, body),
    async counted(what) {
      const reply = await fetch(`${world.server.baseUrl}/metrics`);
      const line = `callgate_media_door{what="${what}"} `;
      const found = (await reply.text()).split('\n').find((one) => one.startsWith(line));
      return Number(found?.slice(line.length) ?? 0);
    },
    clear,
    async close() {
      clear();
      await world.close();
      await clients.stop();
    },
  };
}
