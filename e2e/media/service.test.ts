import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type MediaClient, packetsReceived, rising, until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { mediaEngines } from './media-engines.ts';
import {
  BOTS,
  type Listed,
  RECORDER,
  SERVICE_KEYS,
  type Session,
  type Signer,
  serviceToken,
  type Wanted,
} from './services.ts';
import { type Knocked, knock, type SignalSocket } from './signal.ts';
import { type MediaWorld, openMediaWorld } from './world.ts';

/*
 * Agents, recorders and telephony at the door and beside it: whoever belongs to no user comes in with a key of the
 * operator's, takes no seat, is listed, and goes when a moderator says so.
 */

const socketOf = (knocked: Knocked): SignalSocket => {
  if ('socket' in knocked) return knocked.socket;
  throw new Error(`not let in: ${knocked.status} ${JSON.stringify(knocked.body)}`);
};
const refusalOf = (knocked: Knocked): unknown[] => {
  if ('socket' in knocked) throw new Error('was let in');
  return [knocked.status, knocked.body.code, knocked.body.details?.[0]?.reason];
};

for (const engine of mediaEngines) {
  describe(engine.name, () => {
    const clients = rtcNodeClients();
    let world: MediaWorld;
    let rooms = 0;
    beforeAll(async () => {
      world = await openMediaWorld(engine, clients, {
        CALLGATE_SERVICE_KEYS: SERVICE_KEYS,
        CALLGATE_SERVICE_KINDS: 'agent,egress',
      });
    });
    const open: MediaClient[] = [];
    afterEach(async () => {
      await Promise.all(open.splice(0).map((client) => client.close()));
      await world.clear();
    });
    afterAll(() => world.close());

    const room = async (settings?: object) => {
      const cid = `default:service-${++rooms}`;
      return { cid, path: await world.call(cid, ['sara', 'bob'], settings) };
    };
    const ofLiveKit = (): Signer => ({ key: world.livekit.apiKey, secret: world.livekit.apiSecret });
    const door = (): string => world.server.baseUrl.replace('http', 'ws');
    const come = async (cid: string, wanted?: Wanted) => knock(door(), await serviceToken(cid, wanted));
    const sessionOf = async (path: string): Promise<Session | undefined> => {
      const { body } = await world.ask('GET', path);
      return (body.call as { session?: Session }).session;
    };
    const listed = async (path: string): Promise<Listed[]> =>
      (await sessionOf(path))?.service_participants ?? [];
    const atLiveKit = async (cid: string) => world.livekit.rooms.listParticipants(cid).catch(() => []);

    test('[SVC1] a token of another key, of a wrong secret, out of time or without an end is 401', async () => {
      const { cid } = await room();
      const unknown = { key: 'nobody', secret: BOTS.secret };
      const crossed = { key: BOTS.key, secret: RECORDER.secret };
      const ofLiveKit = {
        key: world.livekit.env.LIVEKIT_API_KEY,
        secret: world.livekit.env.LIVEKIT_API_SECRET,
      };
      for (const as of [unknown, crossed, ofLiveKit as typeof BOTS])
        expect(refusalOf(await come(cid, { as }))).toEqual([401, 43, undefined]);
      expect(refusalOf(await come(cid, { ttl: -5 }))[0]).toBe(401);
      expect(await atLiveKit(cid)).toEqual([]);
    });

    test('[SVC2] a kind that the key is not good for is 403, a person too', async () => {
      const { cid, path } = await room();
      for (const kind of ['egress', 'standard', '', 'ingress'])
        expect(refusalOf(await come(cid, { kind }))).toEqual([403, 17, 'service_kind']);
      expect(refusalOf(await come(cid, { as: RECORDER, kind: 'agent' }))).toEqual([403, 17, 'service_kind']);
      expect(await listed(path)).toEqual([]);
    });

    test('[SVC3] a call that is not there is 404, one that has ended is 403', async () => {
      const { cid, path } = await room();
      expect(refusalOf(await come('default:nowhere'))).toEqual([404, 16, undefined]);
      await world.act('POST', `${path}/mark_ended`, {});
      expect(refusalOf(await come(cid))).toEqual([403, 17, 'ended']);
    });

    test('[SVC6] whoever is removed does not come back with the same token, nor with the fresh one of the door', async () => {
      const { cid, path } = await room();
      const token = await serviceToken(cid);
      const socket = socketOf(await knock(door(), token));
      const fresh = String((await socket.until('refreshToken')).message.value);
      const [bot] = await listed(path);
      expect(await world.act('POST', `${path}/kick_service`, { session_id: bot?.session_id })).toMatchObject({
        state: 'applied',
        sessions: 1,
      });
      await socket.until('leave');
      expect(await atLiveKit(cid)).toEqual([]);
      expect(await listed(path)).toEqual([]);
      expect(refusalOf(await knock(door(), token))).toEqual([403, 17, 'kicked']);
      expect(refusalOf(await knock(door(), fresh))).toEqual([403, 17, 'kicked']);
      // The signature has a second spelling; what is signed has not.
      const tail = token.slice(-1);
      const other = String.fromCharCode(tail.charCodeAt(0) + 1);
      const respelt = await knock(door(), `${token.slice(0, -1)}${other}`);
      expect([401, 403]).toContain(refusalOf(respelt)[0]);
      socketOf(await come(cid, { identity: 'another' })).close();
    });

    test('[SVC4] an agent that the door lets in is of its kind, takes no seat, and is listed apart from people', async () => {
      const { cid, path } = await room({ limits: { max_participants: 1 } });
      const agent = socketOf(await come(cid, { grant: { canPublishData: false } }));
      await agent.until('join');
      await world.enter(path, 'sara');
      const session = await sessionOf(path);
      expect(session?.participants).toHaveLength(1);
      expect(session?.participants_count_by_role).toEqual({ user: 1 });
      expect(session?.service_participants).toMatchObject([{ kind: 'agent', key: 'bots', name: 'bot' }]);
      const there = (await atLiveKit(cid)).find(({ identity }) => identity.startsWith('agent:bot#'));
      expect(there?.kind).toBe(4);
      expect(there?.permission).toMatchObject({ canPublish: true, canPublishData: false, hidden: false });
      expect((await world.joinCall(path, 'bob')).body.details).toMatchObject([{ reason: 'full' }]);
      agent.close();
    });

    /** A client of the SDK, through our door or (`beside`) at LiveKit itself with its own key. */
    const bring = async (cid: string, wanted: Wanted, beside = false): Promise<MediaClient> => {
      const client = await clients.open();
      open.push(client);
      const as = beside ? ofLiveKit() : (wanted.as ?? BOTS);
      const token = await serviceToken(cid, { ...wanted, as });
      await client.join(beside ? world.livekit.url : door(), token);
      return client;
    };
    const kinds = async (path: string) => (await listed(path)).map(({ kind }) => kind).sort();
    const names = async (cid: string) => (await atLiveKit(cid)).map(({ identity }) => identity);

    test('[SVC5] what is sent and received is what the token says, within what its key is good for', async () => {
      const { cid, path } = await room();
      const sara = await world.enter(path, 'sara');
      const recorder = await bring(cid, {
        ...{ as: RECORDER, kind: 'egress', identity: 'rec' },
        grant: { hidden: true, canPublish: true, canPublishData: true },
      });
      await expect(recorder.publish('microphone')).rejects.toThrow();
      const agent = await bring(cid, { grant: { canPublishSources: [2], canSubscribe: false } });
      await expect(agent.publish('camera')).rejects.toThrow();
      await agent.publish('microphone');
      await rising(packetsReceived(sara.client, 'agent:bot', 'microphone'));
      await sara.client.publish('microphone');
      await rising(packetsReceived(recorder, 'sara', 'microphone'));
      expect(await packetsReceived(agent, 'sara', 'microphone')()).toBe(0);
      const held = await atLiveKit(cid);
      const of = (prefix: string) => held.find(({ identity }) => identity.startsWith(prefix))?.permission;
      expect(of('egress:rec')).toMatchObject({ canPublish: false, canPublishData: false, hidden: true });
      expect(of('agent:bot')).toMatchObject({ canPublishSources: [2], canSubscribe: false });
      expect(await listed(path)).toMatchObject([{ kind: 'egress', hidden: true }, { kind: 'agent' }]);
      expect(await sara.client.participants()).toEqual([expect.stringMatching('^agent:bot#')]);
    });

    test('[SVC7] a service that dials LiveKit itself is listed without a key, and keeps its rights', async () => {
      const { cid, path } = await room();
      const sara = await world.enter(path, 'sara');
      const agent = await bring(cid, { identity: 'agent-AJ_1', grant: { canPublish: true } }, true);
      await until('it is listed', async () => (await listed(path)).length === 1);
      const [only] = await listed(path);
      expect(only).toMatchObject({ kind: 'agent', name: 'agent-AJ_1' });
      expect(only).not.toHaveProperty('key');
      await agent.publish('camera');
      await rising(packetsReceived(sara.client, 'agent-AJ_1', 'camera'));
      // An act that brings everybody in the call to what policy says.
      const limits = { settings_override: { limits: { max_participants: 9 } } };
      expect(await world.act('PATCH', path, limits)).toMatchObject({ state: 'applied', sessions: 2 });
      const there = (await atLiveKit(cid)).find(({ identity }) => identity === 'agent-AJ_1');
      expect(there?.permission).toMatchObject({ canPublish: true, canPublishData: true, canSubscribe: true });
      await rising(packetsReceived(sara.client, 'agent-AJ_1', 'camera'));
      await agent.leave();
      await until('it is gone', async () => (await listed(path)).length === 0);
    });

    test('[SVC8] one of another kind, or in the room of no call or of one that has ended, is removed', async () => {
      const { cid, path } = await room();
      const sip = await bring(cid, { kind: 'sip', identity: 'sip_1' }, true);
      await until(
        'the kind is removed',
        async () => (await sip.events()).at(-1)?.state === 'disconnected',
        20_000,
      );
      const lost = await bring('default:no-call', {}, true);
      await until('no call', async () => (await lost.events()).at(-1)?.state === 'disconnected', 20_000);
      await world.act('POST', `${path}/mark_ended`, {});
      const late = await bring(cid, { identity: 'late' }, true);
      await until('it is over', async () => (await late.events()).at(-1)?.state === 'disconnected', 20_000);
      expect(await listed(path)).toEqual([]);
    });

    test('[SVC9] one that was removed does not come into the call again under its name', async () => {
      const { cid, path } = await room();
      const agent = await bring(cid, { identity: 'agent-AJ_2' }, true);
      await until('it is listed', async () => (await listed(path)).length === 1);
      const session_id = (await listed(path))[0]?.session_id;
      expect(await world.act('POST', `${path}/kick_service`, { session_id })).toMatchObject({
        state: 'applied',
        sessions: 1,
      });
      expect(await names(cid)).toEqual([]);
      await until('it knows', async () => (await agent.events()).at(-1)?.reason === 'PARTICIPANT_REMOVED');
      const again = await bring(cid, { identity: 'agent-AJ_2' }, true);
      await until('it goes', async () => (await again.events()).at(-1)?.state === 'disconnected', 20_000);
      expect(await listed(path)).toEqual([]);
    });

    test('[SVC12] the end of a call removes its services, however they came', async () => {
      const { cid, path } = await room();
      await bring(cid, { identity: 'AJ_3' }, true);
      const own = socketOf(await come(cid));
      await until('both are listed', async () => (await listed(path)).length === 2);
      expect(await world.act('POST', `${path}/mark_ended`, {})).toMatchObject({
        state: 'applied',
        sessions: 2,
      });
      expect(await names(cid)).toEqual([]);
      await own.until('leave');
      expect(await listed(path)).toEqual([]);
    });

    test('[SVC6] whoever has left, or lost its media, comes back with its token', async () => {
      const { cid, path } = await room();
      const token = await serviceToken(cid);
      const client = await clients.open();
      open.push(client);
      await client.join(door(), token);
      await world.livekit.restart();
      await until('it is back', async () => (await client.events()).at(-1)?.state === 'reconnected', 60_000);
      expect(await names(cid)).toHaveLength(1);
      expect(await listed(path)).toHaveLength(1);
      await client.leave();
      await until('it is gone', async () => (await listed(path)).length === 0);
      const again = socketOf(await knock(door(), token));
      await again.until('join');
      again.close();
    });

    test('[SVC15] [SVC16] after kill -9 the list is true: who went is gone, who stayed is there once, who may not be is removed', async () => {
      const { cid, path } = await room();
      const leaving = await bring(cid, { identity: 'leaving' }, true);
      await bring(cid, { identity: 'staying' }, true);
      const recorder = await bring(cid, { as: RECORDER, kind: 'egress' });
      await until('all are listed', async () => (await listed(path)).length === 3);
      await world.server.kill();
      await leaving.close();
      const bots = SERVICE_KEYS.split(',')[0] ?? '';
      await world.server.start({ CALLGATE_SERVICE_KEYS: bots });
      await until('the list is true', async () => (await kinds(path)).join() === 'agent', 40_000);
      expect(await listed(path)).toMatchObject([{ name: 'staying' }]);
      await until('only it is there', async () => (await names(cid)).join() === 'staying', 20_000);
      await recorder.close();
      await world.server.stop();
      await world.server.start({ CALLGATE_SERVICE_KEYS: SERVICE_KEYS });
    });
  });
}
