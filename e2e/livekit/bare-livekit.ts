import {
  type DisconnectReason,
  type ParticipantInfo,
  ParticipantInfo_State,
  UpdateSubscription,
} from '@livekit/protocol';
import { until } from '../clients/counters.ts';
import { signToken } from '../harness/client.ts';
import { knock } from '../media/signal.ts';
import { type Built, untilHeard } from '../raw-client/attempts.ts';
import { heardBy, VOICE } from '../raw-client/counters.ts';
import { type Publication, type RawClient, rawClient } from '../raw-client/raw-client.ts';
import type { Sending } from '../raw-client/sending.ts';
import { type LiveKitOptions, type LiveKitServer, startLiveKit } from './server.ts';

/** What a token says beside who may join what; sources in a token's own words. */
export interface TokenFacts {
  /** More of the video grant, e.g. `{ canPublishSources: ['camera'] }`. */
  grant?: Record<string, unknown>;
  /** More claims, or others in place of those of a join. */
  claims?: Record<string, unknown>;
  /** More query parameters of the signalling connection. */
  query?: Record<string, string>;
}

/** A LiveKit with nothing before it, and raw clients in its rooms. */
export interface BareLiveKit {
  readonly server: LiveKitServer;
  /** The name of a room that nobody else uses. */
  room(): string;
  /** A token to join, made by hand; it lasts 10 minutes. */
  token(room: string, identity: string, facts?: TokenFacts): string;
  /** Joins with a new token. */
  enter(room: string, identity: string, facts?: TokenFacts): Promise<RawClient>;
  /** Joins with a token that there is. */
  enterBy(token: string, name: string, query?: Record<string, string>): Promise<RawClient>;
  /** What LiveKit holds of a participant; undefined: nothing. */
  held(room: string, identity: string): Promise<ParticipantInfo | undefined>;
  /** Resolves once LiveKit lists the participant with its media connected. */
  active(room: string, identity: string): Promise<ParticipantInfo>;
  /** Ends the clients, then the server. */
  close(): Promise<void>;
}

/** Starts one; whoever starts it closes it. */
export async function openBareLiveKit(options: LiveKitOptions = {}): Promise<BareLiveKit> {
  const server = await startLiveKit(options);
  const clients: RawClient[] = [];
  let rooms = 0;
  const token: BareLiveKit['token'] = (room, identity, { grant, claims } = {}) =>
    signToken(server.apiSecret, {
      iss: server.apiKey,
      sub: identity,
      nbf: seconds(),
      exp: seconds() + 600,
      video: { roomJoin: true, room, ...grant },
      ...claims,
    });
  const enterBy: BareLiveKit['enterBy'] = async (by, name, query) => {
    const knocked = await knock(server.url, by, query);
    if (!('socket' in knocked)) throw new Error(`${name} is not let in: ${JSON.stringify(knocked)}`);
    const client = await rawClient(knocked.socket, name);
    clients.push(client);
    return client;
  };
  const held: BareLiveKit['held'] = async (room, identity) => {
    const all = await server.rooms.listParticipants(room).catch(() => []);
    return all.find((one) => one.identity === identity);
  };
  return {
    server,
    token,
    enterBy,
    held,
    room: () => `room-${++rooms}`,
    enter: (room, identity, facts) => enterBy(token(room, identity, facts), identity, facts?.query),
    active: (room, identity) =>
      until(`${identity} is active`, async () => {
        const found = await held(room, identity);
        return found?.state === ParticipantInfo_State.ACTIVE && found;
      }),
    async close() {
      for (const client of clients) client.close();
      await server.stop();
    },
  };
}

/** Now, as tokens write it. */
export const seconds = (): number => Math.floor(Date.now() / 1000);

/** Asks for a track, or to be without it. */
export const subscribe = (client: RawClient, sid: string, wanted: boolean): void =>
  client.send({
    case: 'subscription',
    value: new UpdateSubscription({ trackSids: [sid], subscribe: wanted }),
  });

/** What a token says, unverified. */
export const claimsOf = (token: string): Claims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;

type Claims = Record<string, unknown> & { iss: string; nbf: number; exp: number };

/** What LiveKit tells a client of itself when it joins. */
export async function joinOf({ signal }: RawClient) {
  const { message } = await signal.until('join');
  if (message.case !== 'join') throw new Error('no join');
  return message.value;
}

/** Resolves with the reason once LiveKit sends the client away. */
export async function sentAway({ signal }: RawClient): Promise<DisconnectReason> {
  const { message } = await signal.until('leave');
  if (message.case !== 'leave') throw new Error('no leave');
  return message.value.reason;
}

/** What a test of media begins with. */
export interface Speaking {
  readonly room: string;
  /** Sara's, as she came in. */
  readonly token: string;
  readonly sara: RawClient;
  readonly bob: RawClient;
  /** What Sara sends, and its sid. */
  readonly voice: Sending;
  readonly sid: string;
}

/** How somebody comes to be heard. */
export interface Speaker extends TokenFacts {
  /** What is offered (default: VOICE). */
  publication?: Publication;
}

/** Sara and Bob in a room of their own; Bob hears Sara. */
export function speaking(bare: BareLiveKit, how: Speaker = {}): Promise<Speaking> {
  return untilHeard(
    () => begin(bare, how),
    ({ sara, bob }) => {
      sara.close();
      bob.close();
    },
  );
}

async function begin(bare: BareLiveKit, how: Speaker): Promise<Built<Speaking>> {
  const { publication = VOICE } = how;
  const room = bare.room();
  const token = bare.token(room, 'sara', how);
  const bob = await bare.enter(room, 'bob');
  await bare.active(room, 'bob');
  const sara = await bare.enterBy(token, 'sara');
  const voice = sara.publish(publication);
  const sid = await sara.published(publication.cid);
  return { stage: { room, token, sara, bob, voice, sid }, heard: [heardBy(bob, sid)] };
}
