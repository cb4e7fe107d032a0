import { execFileSync } from 'node:child_process';
import { EVENTS } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { validatorOf } from '../../http/validate.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { blockUser } from '../call-blocks/index.ts';
import { eventMessage, type OutboxRow } from '../events/index.ts';
import { requestPermission } from '../permission-requests/index.ts';
import { WORLD_CREDENTIALS } from '../test/world.ts';
import { createHookWorld, type HookWorld } from './test-hook-world.ts';
import type { Received } from './test-receiver.ts';

const { apiKey, apiSecret } = WORLD_CREDENTIALS;
const CID = 'default:one';

/** The HMAC as another program makes it. */
const opensslHmac = (secret: string, text: string): string =>
  execFileSync('openssl', ['dgst', '-sha256', '-hmac', secret], { input: text })
    .toString()
    .trim()
    .split(' ')
    .at(-1) ?? '';

function demandSigned({ headers, body }: Received, secret: string, seconds: number): void {
  expect(headers['x-signature']).toBe(opensslHmac(secret, body));
  expect(headers['x-callgate-signature']).toBe(
    `t=${seconds},v1=${opensslHmac(secret, `${seconds}.${body}`)}`,
  );
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    let hooks: HookWorld;
    beforeEach(async () => {
      hooks = await createHookWorld(engine);
      await hooks.world.user('sara');
      await hooks.world.user('max', { role: 'admin' as never });
      await hooks.world.call(CID, { createdBy: 'max', members: { max: 'host', sara: 'user' } });
    });
    afterEach(() => hooks.close());

    const types = (requests: readonly Received[]) => requests.map(({ event }) => event.type);
    const seconds = () => Math.floor(hooks.world.clock.now() / 1000);
    const block = () =>
      blockUser(hooks.world.services.acts, hooks.world.as('max'), {
        cid: CID as never,
        user_id: 'sara' as never,
      });

    test('[WHK14] a hook is not sent what was before it, and hears of itself first', async () => {
      const receiver = await hooks.receiver();
      await hooks.tell(CID, 'sara');
      await hooks.world.services.eventOrder.flush();
      hooks.world.clock.advance(10_000);
      await hooks.setHooks({ webhook_url: receiver.url });
      await hooks.tell(CID);
      await hooks.settle();
      expect(types(receiver.requests)).toEqual(['app.updated', 'call.updated']);
    });

    test('[WHK13] a hook that is off is sent nothing, and what happens meanwhile not later either', async () => {
      const receiver = await hooks.receiver();
      const [hook] = await hooks.setHooks({ webhook_url: receiver.url, event_types: ['call.updated'] });
      const set = (enabled: boolean) =>
        hooks.setHooks({ id: hook!.id, webhook_url: receiver.url, event_types: ['call.updated'], enabled });
      await hooks.tell('default:before');
      await hooks.settle();
      await set(false);
      await hooks.tell('default:meanwhile');
      await hooks.settle();
      hooks.world.clock.advance(60_000);
      await set(true);
      await hooks.tell('default:after');
      await hooks.settle();
      expect(receiver.requests.map(({ event }) => event.call_cid)).toEqual([
        'default:before',
        'default:after',
      ]);
    });

    test('[WHK13] what was planned before a hook was switched off waits, and is sent when it is on again', async () => {
      const receiver = await hooks.receiver((_received, reply) => void reply.writeHead(500).end());
      const [hook] = await hooks.setHooks({ webhook_url: receiver.url, event_types: ['call.updated'] });
      await hooks.tell(CID);
      await hooks.settle();
      await hooks.setHooks({ id: hook!.id, webhook_url: receiver.url, enabled: false });
      await hooks.pass(10_000, 500);
      expect(receiver.requests).toHaveLength(1);
      receiver.answer = (_received, reply) => void reply.end();
      await hooks.setHooks({ id: hook!.id, webhook_url: receiver.url, event_types: ['call.updated'] });
      await hooks.settle();
      expect(receiver.requests.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(await hooks.deliveries()).toMatchObject([{ state: 'delivered' }]);
    });

    test('[WHK9] each hook is sent each event that it wants once, with the text that sockets get', async () => {
      const all = await hooks.receiver();
      const some = await hooks.receiver();
      await hooks.setHooks(
        { webhook_url: all.url },
        { webhook_url: some.url, event_types: ['call.blocked_user', 'user.banned'] },
      );
      await block();
      await hooks.settle();
      await hooks.settle();
      expect(types(all.requests)).toEqual(['app.updated', 'call.blocked_user']);
      expect(types(some.requests)).toEqual(['call.blocked_user']);
      const stored = (await hooks.world.rows('outbox')).find(({ type }) => type === 'call.blocked_user');
      expect(some.requests[0]?.body).toBe(eventMessage(stored as OutboxRow));
      validatorOf(EVENTS['call.blocked_user'], 'event')(some.requests[0]?.event);
      expect(await hooks.deliveries()).toMatchObject([
        { event_type: 'app.updated', state: 'delivered', attempts: 1, last_status: 200 },
        { event_type: 'call.blocked_user', state: 'delivered', attempts: 1, last_error: null },
        { event_type: 'call.blocked_user', state: 'delivered', attempts: 1 },
      ]);
    });

    test('[WHK10] requests carry the documented headers, and openssl finds both signatures right', async () => {
      const receiver = await hooks.receiver();
      await hooks.setHooks({ webhook_url: receiver.url, event_types: ['call.blocked_user'] });
      await block();
      await hooks.settle();
      const [request] = receiver.requests;
      expect(request?.headers).toMatchObject({
        'content-type': 'application/json',
        'x-api-key': apiKey,
        'x-webhook-attempt': '1',
        'x-webhook-id': (await hooks.deliveries())[0]?.id,
      });
      expect(request?.headers['content-encoding']).toBeUndefined();
      demandSigned(request!, apiSecret, seconds());
    });

    test('[WHK11] a hook with a secret of its own is signed with that alone', async () => {
      const receiver = await hooks.receiver();
      const signing_secret = 'a secret of this hook alone';
      await hooks.setHooks({ webhook_url: receiver.url, event_types: ['user.updated'], signing_secret });
      await hooks.tell('sara');
      await hooks.settle();
      demandSigned(receiver.requests[0]!, signing_secret, seconds());
    });

    test('[WHK12] a packed body says so, and is signed as it was before', async () => {
      const receiver = await hooks.receiver();
      await hooks.setHooks({ webhook_url: receiver.url, event_types: ['user.updated'], gzip: true });
      await hooks.tell('sara');
      await hooks.settle();
      const [request] = receiver.requests;
      expect(request?.headers['content-encoding']).toBe('gzip');
      expect(request?.raw.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
      expect(request?.event).toMatchObject({ type: 'user.updated', user: { id: 'sara' } });
      demandSigned(request!, apiSecret, seconds());
    });

    test('[WHK32] call.permission_request arrives with who asks, for what, and the rows to answer', async () => {
      const receiver = await hooks.receiver();
      await hooks.setHooks({ webhook_url: receiver.url, event_types: ['call.permission_request'] });
      const { clock, services, as } = hooks.world;
      await hooks.world.call('default:ask', {
        createdBy: 'max',
        members: { sara: 'user' },
        settings: { screensharing: { enabled: true, access_request_enabled: true } },
      });
      await requestPermission(services.acts, as('sara'), {
        cid: 'default:ask' as never,
        permissions: ['screenshare'],
      });
      await hooks.settle();
      expect(receiver.requests).toHaveLength(1);
      const [request] = receiver.requests;
      expect(request?.event).toMatchObject({
        type: 'call.permission_request',
        call_cid: 'default:ask',
        created_at: new Date(clock.now()).toISOString(),
        user: { id: 'sara' },
        permissions: ['screenshare'],
        permission_requests: [{ permission: 'screenshare', state: 'pending' }],
      });
      validatorOf(EVENTS['call.permission_request'], 'event')(request?.event);
      demandSigned(request!, apiSecret, seconds());
    });

    test('[WHK25] of several processes one plans and sends; another goes on when its lease has run out', async () => {
      const receiver = await hooks.receiver();
      await hooks.setHooks({ webhook_url: receiver.url, event_types: ['call.updated'] });
      const [first, second] = [hooks.another({ isAlone: false }), hooks.another({ isAlone: false })];
      await hooks.tell(...Array.from({ length: 40 }, (_, at) => `default:c${at}`));
      await hooks.world.services.eventOrder.flush();
      await Promise.all([first.tick(), second.tick()]);
      expect(receiver.requests).toHaveLength(40);
      expect(new Set(receiver.requests.map(({ id }) => id)).size).toBe(40);
      // Neither has given its lease back, as after a kill: a third one waits, and then goes on.
      const third = hooks.another({ isAlone: false });
      await hooks.tell('default:later');
      await hooks.world.services.eventOrder.flush();
      await third.tick();
      expect(receiver.requests).toHaveLength(40);
      hooks.world.clock.advance(10_001);
      await third.tick();
      expect(receiver.requests).toHaveLength(41);
    });

    test('[WHK24] what was planned and not sent is sent by the next process, and nothing is planned twice', async () => {
      const receiver = await hooks.receiver();
      await hooks.setHooks({ webhook_url: receiver.url, event_types: ['call.updated'] });
      const gate = Promise.withResolvers<void>();
      let atGate = 0;
      const at = (point: string) => {
        if (point !== 'webhook-before-delivery') return undefined;
        atGate += 1;
        return gate.promise;
      };
      const stuck = hooks.another({ hooks: { at } });
      await hooks.tell(CID, CID, 'default:two');
      await hooks.world.services.eventOrder.flush();
      void stuck.tick();
      // One of each call: they are planned and about to be sent when the process gets no further.
      await expect.poll(() => atGate).toBe(2);
      expect(await hooks.deliveries()).toHaveLength(3);
      hooks.world.clock.advance(10_001);
      await hooks.settle().finally(gate.resolve);
      expect(receiver.requests.map(({ event }) => [event.call_cid, event.seq]).sort()).toEqual([
        [CID, 1],
        [CID, 2],
        ['default:two', 1],
      ]);
      expect(await hooks.deliveries()).toHaveLength(3);
    });
  });
}
