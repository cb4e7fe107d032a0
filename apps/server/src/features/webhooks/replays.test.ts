import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builderOf } from '../../storage/prepared.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { refusedWith } from '../test/world.ts';
import { listDeliveries } from './list-deliveries.ts';
import { replayDeliveries } from './replay-deliveries.ts';
import { replayDelivery } from './replay-delivery.ts';
import { countDeliveries, oldestOpen } from './retention.store.ts';
import { createHookWorld, type HookWorld } from './test-hook-world.ts';
import { answerWith, ok, type Receiver } from './test-receiver.ts';
import { tryHook } from './try-hook.ts';

const DAY_MS = 24 * 60 * 60_000;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let hooks: HookWorld;
    let receiver: Receiver;
    let id: string;
    beforeEach(async () => {
      hooks = await createHookWorld(engine, { attemptMs: 500 });
      receiver = await hooks.receiver();
      const [hook] = await hooks.setHooks({
        webhook_url: receiver.url,
        event_types: ['call.updated', 'user.updated'],
      });
      id = hook!.id;
    });
    afterEach(() => hooks.close());

    const acts = () => hooks.world.services.acts;
    const server = () => hooks.world.server();
    const list = (query: Parameters<typeof listDeliveries>[2] = {}) =>
      listDeliveries(acts(), server(), query);
    const iso = (ms: number) => new Date(ms).toISOString();
    const replaySince = (since: number, hook_id?: string) =>
      replayDeliveries(acts(), server(), {
        since: iso(since),
        ...(hook_id && { hook_id: hook_id as never }),
      });
    const replayActs = async () =>
      (await hooks.world.audits()).filter(({ action }) => action === 'webhook.replay');

    test('[WHK1] a user token lists, replays and tests nothing', async () => {
      const ada = () => hooks.world.as('ada');
      await hooks.world.user('ada', { role: 'admin' as never });
      await hooks.tell('default:a');
      await hooks.settle();
      const [row] = await hooks.deliveries();
      for (const work of [
        () => listDeliveries(acts(), ada(), {}),
        () => replayDelivery(acts(), ada(), row!.id),
        () => replayDeliveries(acts(), ada(), { since: iso(0) }),
        () => tryHook(hooks.webhooks.parts, ada(), id as never),
      ])
        expect(await refusedWith(work())).toMatchObject({ status: 403, kind: 'not_allowed' });
      await hooks.settle();
      expect(receiver.requests).toHaveLength(1);
    });

    test('[WHK26] filters narrow the list, alone and together; pages join, the newest first', async () => {
      receiver.answer = (received, reply) =>
        (received.event.call_cid === 'default:b' ? answerWith(404) : ok)(received, reply);
      for (const subject of ['default:a', 'default:b', 'ada', 'default:c', 'default:d']) {
        await hooks.tell(subject);
        await hooks.settle();
        hooks.world.clock.advance(1_000);
      }
      const cids = async (query: Parameters<typeof list>[0]) =>
        (await list(query)).deliveries.map(({ call_cid }) => call_cid);
      expect(await cids({})).toEqual(['default:d', 'default:c', undefined, 'default:b', 'default:a']);
      expect(await cids({ state: 'dead' })).toEqual(['default:b']);
      expect(await cids({ event_type: 'user.updated' })).toEqual([undefined]);
      expect(await cids({ hook_id: 'another' as never })).toEqual([]);
      expect(await cids({ hook_id: id as never, state: 'delivered', event_type: 'call.updated' })).toEqual([
        'default:d',
        'default:c',
        'default:a',
      ]);
      expect(await cids({ since: iso(hooks.world.clock.now() - 2_000) })).toEqual(['default:d', 'default:c']);
      const first = await list({ limit: '2' });
      const second = await list({ limit: '2', next: first.next! });
      expect(second.deliveries.map(({ call_cid }) => call_cid)).toEqual([undefined, 'default:b']);
      expect((await list({ limit: '2', prev: second.prev! })).deliveries).toEqual(first.deliveries);
      expect(await refusedWith(list({ next: first.next!, state: 'dead' }))).toMatchObject({
        fields: ['next'],
      });
      expect((await list({ state: 'dead' })).deliveries).toMatchObject([
        { hook_id: id, state: 'dead', attempts: 1, last_status: 404, last_error: 'the answer was 404' },
      ]);
    });

    test('[WHK27] one that is dead, slow or delivered is sent again with its id and the next attempt', async () => {
      receiver.answer = answerWith(410);
      await hooks.tell('default:a');
      await hooks.settle();
      receiver.answer = ok;
      const [row] = await hooks.deliveries();
      const { body } = await replayDelivery(acts(), server(), row!.id);
      expect(body.delivery).toMatchObject({
        id: row?.id,
        state: 'slow',
        next_attempt_at: iso(hooks.world.clock.now()),
      });
      await hooks.settle();
      expect(await hooks.deliveries()).toMatchObject([{ state: 'delivered', attempts: 2 }]);
      await replayDelivery(acts(), server(), row!.id);
      await hooks.settle();
      expect(receiver.requests.map(({ id: sent, attempt }) => [sent, attempt])).toEqual([
        [row?.id, 1],
        [row?.id, 2],
        [row?.id, 3],
      ]);
      expect(await replayActs()).toMatchObject([
        { target_type: 'delivery', target_id: row?.id, before: { state: 'dead' }, after: { state: 'slow' } },
        { before: { state: 'delivered' } },
      ]);
    });

    test('[WHK27] one that waits for its turn keeps its place, which leaves no trace', async () => {
      receiver.answer = answerWith(500);
      await hooks.tell('default:a', 'default:a');
      await hooks.settle();
      const [retrying, pending] = await hooks.deliveries();
      for (const row of [retrying!, pending!]) {
        const { body } = await replayDelivery(acts(), server(), row.id);
        expect(body.delivery.state).toBe(row.state);
      }
      expect([retrying?.state, pending?.state]).toEqual(['retrying', 'pending']);
      expect(await replayActs()).toEqual([]);
    });

    test('[WHK27] an unknown delivery, one of a deleted hook, and one whose event is gone are 404', async () => {
      await hooks.tell('default:a', 'default:b');
      await hooks.settle();
      const [first, second] = await hooks.deliveries();
      const replay = (delivery: string) => refusedWith(replayDelivery(acts(), server(), delivery as never));
      expect(await replay('nothing')).toMatchObject({ status: 404 });
      await hooks.world.services.database.write(async (tx) => {
        const drop = builderOf(tx.engine).deleteFrom('outbox').where('id', '=', second!.event_id);
        await tx.run(drop.compile());
      });
      expect(await replay(second!.id)).toMatchObject({
        status: 404,
        message: expect.stringContaining('event'),
      });
      await hooks.setHooks({ webhook_url: receiver.url });
      expect(await replay(first!.id)).toMatchObject({
        status: 404,
        message: expect.stringContaining('hook'),
      });
      expect(second?.state).toBe('delivered');
    });

    test('[WHK28] everything dead and slow since a time is sent again, step by step, once', async () => {
      receiver.answer = answerWith(400);
      await hooks.tell('default:early');
      await hooks.settle();
      await hooks.pass(10_000);
      const since = hooks.world.clock.now();
      await hooks.tell(...Array.from({ length: 600 }, (_, at) => `person-${at}`));
      await hooks.settle();
      receiver.answer = answerWith(500);
      await hooks.tell('default:slow');
      await hooks.settle();
      await hooks.pass(5_000, 500);
      receiver.answer = ok;
      receiver.requests.splice(0);
      expect(await refusedWith(replaySince(since, 'another'))).toMatchObject({ status: 404 });
      expect((await replaySince(since, id)).body).toEqual({ hook_ids: [id], deliveries: 601 });
      await hooks.settle();
      await hooks.settle();
      expect(receiver.requests).toHaveLength(601);
      expect(new Set(receiver.requests.map(({ id: sent }) => sent)).size).toBe(601);
      expect((await list({ state: 'dead' })).deliveries).toMatchObject([{ call_cid: 'default:early' }]);
      expect((await replaySince(since)).body).toEqual({ hook_ids: [], deliveries: 0 });
      expect(await replayActs()).toMatchObject([{ target_type: 'webhook', target_id: id }]);
      expect(await hooks.world.rows('event_hooks')).toMatchObject([{ replay_since: null, replay_at: null }]);
    }, 120_000);

    test('[WHK29] a test tells what came back, signed like all, of a hook that is off too, and stores nothing', async () => {
      const run = () => tryHook(hooks.webhooks.parts, server(), id as never);
      await hooks.setHooks({ id: id as never, webhook_url: receiver.url, enabled: false });
      const before = await hooks.world.traces();
      receiver.answer = answerWith(418);
      expect((await run()).body).toMatchObject({ hook_id: id, delivered: false, status: 418, body: 'noted' });
      receiver.answer = ok;
      const { body } = await run();
      expect(body).toMatchObject({ delivered: true, status: 200, webhook_id: receiver.requests[1]?.id });
      expect(receiver.requests[1]).toMatchObject({
        attempt: 1,
        event: { type: 'webhook.test', hook_id: id },
      });
      expect(receiver.requests[1]?.headers['x-signature']).toMatch(/^[0-9a-f]{64}$/);
      receiver.answer = () => undefined;
      expect((await run()).body).toMatchObject({ delivered: false, error: 'no answer within 500 ms' });
      await receiver.goDown();
      expect((await run()).body).toMatchObject({
        delivered: false,
        error: expect.stringContaining('ECONNREFUSED'),
      });
      expect(await refusedWith(tryHook(hooks.webhooks.parts, server(), 'x' as never))).toMatchObject({
        status: 404,
      });
      expect(await hooks.deliveries()).toEqual([]);
      expect(await hooks.world.traces()).toEqual(before);
      await receiver.comeBack();
    });

    test('[WHK29] the ninth test at once is 429', async () => {
      receiver.answer = () => undefined;
      const run = () => tryHook(hooks.webhooks.parts, server(), id as never);
      const eight = Array.from({ length: 8 }, run);
      await receiver.until((requests) => requests.length === 8);
      expect(await refusedWith(run())).toMatchObject({ status: 429, kind: 'rate_limited' });
      await Promise.all(eight);
      receiver.answer = ok;
      expect((await run()).body.delivered).toBe(true);
    });

    test('[WHK30] delivered ones are kept for 7 days, dead ones for 30', async () => {
      receiver.answer = (received, reply) =>
        (received.event.call_cid === 'default:dead' ? answerWith(404) : ok)(received, reply);
      await hooks.tell('default:dead', 'default:fine');
      await hooks.settle();
      await hooks.pass(7 * DAY_MS);
      expect(await hooks.deliveries()).toHaveLength(2);
      await hooks.pass(120_000);
      expect(await hooks.deliveries()).toMatchObject([{ state: 'dead' }]);
      await hooks.pass(23 * DAY_MS);
      expect(await hooks.deliveries()).toEqual([]);
    });

    test('[WHK30] what was on its way to a deleted hook is dead, whatever its state', async () => {
      receiver.answer = answerWith(500);
      await hooks.tell('default:a', 'default:a', 'default:b');
      await hooks.settle();
      await hooks.pass(3_000, 500);
      const other = await hooks.receiver();
      await hooks.setHooks({ webhook_url: other.url, event_types: ['call.created'] });
      await hooks.pass(120_000);
      const rows = await hooks.deliveries();
      expect(rows.map(({ state, last_error }) => [state, last_error])).toEqual(
        Array(3).fill(['dead', 'the hook was deleted']),
      );
    });

    test('[WHK30] what waits for a hook that stays off is dead after 30 days', async () => {
      receiver.answer = answerWith(500);
      await hooks.tell('default:a', 'default:a');
      await hooks.settle();
      await hooks.setHooks({ id: id as never, webhook_url: receiver.url, enabled: false });
      await hooks.pass(29 * DAY_MS);
      expect((await hooks.deliveries()).map(({ state }) => state)).toEqual(['retrying', 'pending']);
      await hooks.pass(2 * DAY_MS);
      expect((await hooks.deliveries()).map(({ state }) => state)).toEqual(['dead', 'dead']);
    });

    test('[WHK31] what waits, is slow and is dead is counted, and the oldest that waits is known', async () => {
      const figures = () => hooks.world.services.database.read(countDeliveries);
      const oldest = () => hooks.world.services.database.read(oldestOpen);
      expect(await figures()).toEqual({ pending: 0, retrying: 0, slow: 0, dead: 0 });
      expect(await oldest()).toBeUndefined();
      receiver.answer = (received, reply) =>
        answerWith(received.event.call_cid === 'default:dead' ? 404 : 500)(received, reply);
      const began = hooks.world.clock.now();
      await hooks.tell('default:slow');
      await hooks.settle();
      await hooks.pass(5_000, 500);
      await hooks.tell('default:dead', 'default:a', 'default:a');
      await hooks.settle();
      expect(await figures()).toEqual({ pending: 1, retrying: 1, slow: 1, dead: 1 });
      expect(await oldest()).toMatchObject({ created_at: began });
    });
  });
}
