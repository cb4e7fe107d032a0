import { AccessToken } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { noteFigure } from '../../scripts/test-notes.ts';
import { until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { mediaEngines } from './media-engines.ts';
import { knock } from './signal.ts';
import { type MediaWorld, openMediaWorld } from './world.ts';

const clients = rtcNodeClients();
/** A start may take this much longer while the media server hangs, and the door this long to refuse, in milliseconds. */
const READY_MS = 3_000;
afterAll(() => clients.stop());

for (const engine of mediaEngines) {
  describe(engine.name, () => {
    let world: MediaWorld;
    let rooms = 0;
    beforeAll(async () => {
      world = await openMediaWorld(engine, clients);
    });
    afterEach(() => world.clear());
    afterAll(() => world.close());

    const room = async (): Promise<{ path: string; cid: string }> => {
      const cid = `default:late-${++rooms}`;
      return { path: await world.call(cid, ['sara', 'bob']), cid };
    };
    /** A session of the person that is in by signalling alone. */
    const enterBySignal = async (path: string, userId: string) => {
      const { body } = await world.joinCall(path, userId);
      const knocked = await knock(body.credentials.url, body.credentials.token);
      if (!('socket' in knocked)) throw new Error(`${userId}: ${knocked.status}`);
      await knocked.socket.until('join');
      return { socket: knocked.socket, joined: body };
    };
    const identities = async (cid: string): Promise<string[]> =>
      (await world.livekit.rooms.listParticipants(cid)).map(({ identity }) => identity);
    /** What the log says of the last block of the call. */
    const blockInLog = async (call: string) => {
      const { body } = await world.ask('GET', '/moderation/logs');
      const logs = body.logs as { action: string; call_cid?: string; enforcement?: { state: string } }[];
      return logs.find(({ action, call_cid }) => action === 'call.block' && call_cid === call)?.enforcement;
    };

    test('[ENF1] where nobody is in the media there is nothing to bind', async () => {
      const { path } = await room();
      const kick = await world.act('POST', `${path}/block`, { user_id: 'sara' });
      expect(kick).toMatchObject({ state: 'no_media', sessions: 0 });
    });

    test('[ENF2] a media server that does not answer makes the reply pending, and the act binds once it does', async () => {
      const { path, cid } = await room();
      const { socket } = await enterBySignal(path, 'sara');
      world.livekit.pause();
      let block: Awaited<ReturnType<MediaWorld['act']>>;
      try {
        const started = performance.now();
        block = await world.act('POST', `${path}/block`, { user_id: 'sara' });
        expect(performance.now() - started).toBeLessThan(4_000);
        // Out of the call at once all the same: the door closed, and nobody gets in again.
        expect(await socket.closed).toBe(1000);
      } finally {
        world.livekit.resume();
      }
      expect(block.state).toBe('pending');
      await until('the act binds', async () => (await identities(cid)).length === 0);
      await until('the log says so', async () => (await blockInLog(cid))?.state === 'applied');
    });

    test('[ENF2] what a killed server left undone is done by the next one', async () => {
      const { path, cid } = await room();
      await enterBySignal(path, 'sara');
      world.livekit.pause();
      const acting = world.act('POST', `${path}/block`, { user_id: 'sara' }).catch(() => undefined);
      await until('the row is revoked', async () => {
        const { body } = await world.ask('GET', path);
        return (body.call as { blocked_user_ids: string[] }).blocked_user_ids.includes('sara');
      });
      await world.server.kill();
      await acting;
      world.livekit.resume();
      await world.server.start();
      await until('the act binds', async () => (await identities(cid)).length === 0);
    });

    test('[ENF19] a start does not wait for a media server that hangs: the door is right at once, the rest comes', async () => {
      const startTime = async (): Promise<number> => {
        const from = performance.now();
        await world.server.start();
        return performance.now() - from;
      };
      await world.server.kill();
      // What a busy machine takes for any start is not the media server's doing.
      const usual = await startTime();
      const { path, cid } = await room();
      const names = ['sara', 'sara', 'bob', 'bob'];
      const inside = await Promise.all(names.map((name) => enterBySignal(path, name)));
      const knockAgain = ({ joined: { credentials } }: (typeof inside)[number]) =>
        knock(credentials.url, credentials.token);
      world.livekit.pause();
      try {
        const acting = ['sara', 'bob'].map((user_id) =>
          world.act('POST', `${path}/block`, { user_id }).catch(() => undefined),
        );
        await until('both are blocked', async () => {
          const { body } = await world.ask('GET', path);
          return (body.call as { blocked_user_ids: string[] }).blocked_user_ids.length === 2;
        });
        await world.server.kill();
        await Promise.all(acting);
        const took = await startTime();
        noteFigure(
          `a start: ${usual.toFixed(0)} ms with nothing left, ${took.toFixed(0)} ms with LiveKit paused, on ${engine.name}`,
        );
        expect(took - usual).toBeLessThan(READY_MS);
        for (const one of inside) {
          const from = performance.now();
          expect(await knockAgain(one)).toMatchObject({
            status: 403,
            body: { details: [{ reason: 'blocked' }] },
          });
          expect(performance.now() - from).toBeLessThan(READY_MS);
        }
        // Who may come in is not let in either while nobody answers: nor is anything promised.
        await world.act('POST', `${path}/unblock`, { user_id: 'bob' }).catch(() => undefined);
        const { body } = await world.joinCall(path, 'bob');
        const bob = await knock(body.credentials.url, body.credentials.token);
        expect(bob).toMatchObject({ status: 503, body: { code: 9 } });
        expect((await blockInLog(cid))?.state).toBe('pending');
      } finally {
        world.livekit.resume();
      }
      await until('the acts bind', async () => (await identities(cid)).length === 0);
      await until('the log says so', async () => (await blockInLog(cid))?.state === 'applied');
      const { socket } = await enterBySignal(path, 'bob');
      socket.close();
    });

    test('[SES29] who is being removed keeps the seat until the media server has answered', async () => {
      const cid = `default:late-${++rooms}`;
      const path = await world.call(cid, ['sara', 'bob'], { limits: { max_participants: 1 } });
      const { body } = await world.joinCall(path, 'bob');
      const knockAsBob = () => knock(body.credentials.url, body.credentials.token);
      const full = { details: [{ reason: 'full' }] };
      await enterBySignal(path, 'sara');
      world.livekit.pause();
      try {
        const block = await world.act('POST', `${path}/block`, { user_id: 'sara' });
        expect(block.state).toBe('pending');
        expect(await knockAsBob()).toMatchObject({ status: 403, body: full });
        expect(await world.joinCall(path, 'bob')).toMatchObject({ status: 403, body: full });
      } finally {
        world.livekit.resume();
      }
      const isIn = async () => {
        const knocked = await knockAsBob();
        if ('socket' in knocked) knocked.socket.close();
        return 'socket' in knocked;
      };
      await until('the seat is free', isIn);
      expect(await identities(cid)).not.toContain('sara');
    });

    test('[ENF3] whoever is at the media server without a session is removed', async () => {
      const { path, cid } = await room();
      await enterBySignal(path, 'bob');
      const token = new AccessToken(world.livekit.apiKey, world.livekit.apiSecret, { identity: 'stray' });
      token.addGrant({ roomJoin: true, room: cid });
      const stray = await knock(world.livekit.url, await token.toJwt());
      if (!('socket' in stray)) throw new Error('LiveKit refuses its own token');
      await stray.socket.until('leave', 20_000);
      expect(await identities(cid)).not.toContain('stray');
    });

    test('[ENF3] rights that the media server holds against policy are taken back', async () => {
      const { path, cid } = await room();
      await world.act('POST', `${path}/user_permissions`, {
        user_id: 'sara',
        revoke_permissions: ['send-audio', 'send-video', 'screenshare', 'send-data'],
      });
      await enterBySignal(path, 'sara');
      const [identity = ''] = await identities(cid);
      await world.livekit.rooms.updateParticipant(cid, identity, {
        permission: { canPublish: true, canSubscribe: true, canPublishData: true },
      });
      await until(
        'the rights are gone',
        async () => {
          const { permission } = await world.livekit.rooms.getParticipant(cid, identity);
          return permission !== undefined && !permission.canPublish && !permission.canPublishData;
        },
        20_000,
      );
    });

    test('[GAT2] a report that the media server did not sign is 401, and changes nothing', async () => {
      const { path } = await room();
      const { joined } = await enterBySignal(path, 'sara');
      const event = {
        event: 'participant_left',
        room: { name: 'x' },
        participant: { identity: joined.session_id },
      };
      for (const authorization of [undefined, 'forged', await signedForAnotherBody()]) {
        const reply = await fetch(`${world.server.baseUrl}/livekit/webhook`, {
          method: 'POST',
          headers: { 'content-type': 'application/webhook+json', ...(authorization && { authorization }) },
          body: JSON.stringify(event),
        });
        expect(reply.status).toBe(401);
      }
    });

    const signedForAnotherBody = (): Promise<string> => {
      const token = new AccessToken(world.livekit.apiKey, world.livekit.apiSecret);
      token.sha256 = Buffer.from('0'.repeat(32)).toString('base64');
      return token.toJwt();
    };
  });
}
