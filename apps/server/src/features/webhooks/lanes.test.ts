import type { HookId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testSeed } from '../../../../../scripts/test-counts.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { plansOf } from '../../storage/test-plans.ts';
import { appendEvents } from '../events/index.ts';
import { createBulkMeter } from './bulk-meter.ts';
import { laneHeads, nextDue, retryingDeliveries, slowDeliveries } from './deliveries.store.ts';
import { countReplayed, replaySome } from './replays.store.ts';
import { countDeliveries } from './retention.store.ts';
import { createHookWorld, type HookWorld } from './test-hook-world.ts';
import { type Answer, answerWith, ok, type Received } from './test-receiver.ts';

const ATTEMPT_MS = 500;
/** Numbers from 0 up to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

test('[WHK20] a type of event is mass work from its 101st in a moment on; others are not, nor is it a second later', () => {
  let now = 0;
  const meter = createBulkMeter(() => now);
  const found = Array.from({ length: 250 }, () => meter.isBulk('user.deactivated'));
  expect(found).toEqual([...Array(100).fill(false), ...Array(150).fill(true)]);
  expect(meter.isBulk('user.banned')).toBe(false);
  now += 1_000;
  expect(meter.isBulk('user.deactivated')).toBe(false);
});

for (const engine of testEngines) {
  describe(engine.name, () => {
    let hooks: HookWorld;
    beforeEach(async () => {
      hooks = await createHookWorld(engine, { attemptMs: ATTEMPT_MS });
    });
    afterEach(() => hooks.close());
    const start = async (answer: Answer, event_types = ['call.updated']) => {
      const receiver = await hooks.receiver(answer);
      await hooks.setHooks({ webhook_url: receiver.url, event_types });
      return receiver;
    };

    test('[WHK18] an event is first sent when the one before it in its call arrived or had its first attempts', async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const answer: Answer = (received, reply) => {
        const dice = random();
        if (dice < 0.5) return ok(received, reply);
        if (dice < 0.75) return answerWith(503)(received, reply);
        if (dice < 0.85) return void reply.socket?.destroy();
        if (dice < 0.95) return answerWith(400)(received, reply);
        return undefined;
      };
      const receiver = await start(answer);
      const calls = ['default:a', 'default:b', 'default:c', 'default:d'];
      for (let round = 0; round < 12; round++) {
        await hooks.tell(...calls);
        await hooks.settle();
        await hooks.pass(250);
      }
      await hooks.pass(60_000, 500);
      for (const cid of calls) demandOrder(receiver.requests, cid, 12, seed);
    }, 120_000);

    test('[WHK19] a call with a long backlog delays no other', async () => {
      const receiver = await start(ok);
      await hooks.tell(
        ...Array<string>(200).fill('default:busy'),
        ...['x', 'y', 'z'].map((id) => `default:${id}`),
      );
      await hooks.settle();
      const order = receiver.requests.map(({ event }) => event.call_cid);
      expect(order).toHaveLength(203);
      for (const cid of ['default:x', 'default:y', 'default:z']) expect(order.indexOf(cid)).toBeLessThan(20);
    });

    test('[WHK19] a call that waits for a retry delays no other', async () => {
      const receiver = await start((received, reply) =>
        (received.event.call_cid === 'default:sick' ? answerWith(500) : ok)(received, reply),
      );
      await hooks.tell('default:sick', 'default:sick', 'default:well', 'default:well');
      await hooks.settle();
      expect(receiver.requests.map(({ event }) => `${event.call_cid} ${event.seq}`).sort()).toEqual([
        'default:sick 1',
        'default:well 1',
        'default:well 2',
      ]);
    });

    test('[WHK20] a ban in the midst of mass work leaves within a second', async () => {
      const answer: Answer = (received, reply) => void setTimeout(() => ok(received, reply), 4);
      const receiver = await start(answer, []);
      const { database, eventOrder } = hooks.world.services;
      await hooks.tell(...Array.from({ length: 1_200 }, (_, at) => `person-${at}`));
      await eventOrder.flush();
      const working = hooks.webhooks.tick();
      await receiver.until((requests) => requests.length > 200);
      const ban = { type: 'user.banned', audience: {}, payload: { user: { id: 'rude' } } };
      await database.write((tx) => appendEvents(tx, [ban], hooks.world.clock.now()));
      await eventOrder.flush();
      const began = performance.now();
      const ticking = hooks.webhooks.tick();
      await receiver.until((requests) => requests.some(({ event }) => event.type === 'user.banned'));
      expect(performance.now() - began).toBeLessThan(1_000);
      expect(receiver.requests.length).toBeLessThan(1_150);
      await Promise.all([working, ticking]);
      expect(receiver.requests).toHaveLength(1_202);
    }, 120_000);

    test('[WHK20] mass work that a receiver keeps waiting leaves a connection for a ban', async () => {
      const { database, eventOrder } = hooks.world.services;
      const gate = Promise.withResolvers<void>();
      let people = 0;
      const answer: Answer = (received, reply) => {
        const { type, user } = received.event as { type: string; user?: { id: string } };
        if (type === 'user.updated') people += 1;
        // Those behind the hundredth are mass work.
        const isMass = Number(user?.id.replace('person-', '')) >= 100;
        if (!isMass) return ok(received, reply);
        void gate.promise.then(() => ok(received, reply));
      };
      const patient = hooks.another({ attemptMs: 6_000 });
      const receiver = await start(answer, ['user.updated', 'user.banned']);
      await hooks.tell(...Array.from({ length: 140 }, (_, at) => `person-${at}`));
      await eventOrder.flush();
      const working = patient.tick();
      const began = performance.now();
      await receiver.until(() => people === 103);
      const ban = { type: 'user.banned', audience: {}, payload: { user: { id: 'rude' } } };
      await database.write((tx) => appendEvents(tx, [ban], hooks.world.clock.now()));
      await eventOrder.flush();
      const ticking = patient.tick();
      const types = () => receiver.requests.map(({ event }) => event.type);
      await expect.poll(types, { timeout: 3_000 }).toContain('user.banned').finally(gate.resolve);
      // None of them was given up meanwhile, which would have freed a connection too.
      expect(performance.now() - began).toBeLessThan(6_000);
      await Promise.all([working, ticking]);
      expect(people).toBe(140);
    });

    test('[WHK23] what waits is found in indexes of what waits, however much was delivered', async () => {
      const hook_id = 'hook' as HookId;
      const plans = await plansOf(hooks.world.services.database, async (tx) => {
        await retryingDeliveries(tx, hook_id, 10);
        await slowDeliveries(tx, { hook_id, now: 1, limit: 10 });
        await nextDue(tx, hook_id);
        await laneHeads(tx, 'interactive', { hook_id, after: '', limit: 10 });
        await laneHeads(tx, 'bulk', { hook_id, after: '', limit: 10 });
        await countDeliveries(tx);
        await replaySome(tx, { hook_id, since: 1, at: 2, now: 3, limit: 10 });
        await countReplayed(tx, { hook_id, since: 1, limit: 10 });
      });
      expect(plans).toHaveLength(11);
      for (const plan of plans) {
        expect(plan).toMatch(/webhook_deliveries_(due|heads|lanes|dead)\b/);
        expect(plan).not.toMatch(/Seq Scan on webhook_deliveries|SCAN webhook_deliveries"/);
        expect(plan).not.toMatch(/Hash Join/);
        expect(plan).not.toMatch(/autoindex_webhook_deliveries_2|webhook_deliveries_hook_id_event_id/);
      }
    });

    test('[WHK23] a backlog stands in the table: the sender holds no more of it than it is sending', async () => {
      const receiver = await hooks.receiver(answerWith(500));
      await hooks.setHooks({ webhook_url: receiver.url, event_types: ['user.updated'] });
      await hooks.tell(...Array.from({ length: 1_200 }, (_, at) => `person-${at}`));
      await hooks.settle();
      const rows = await hooks.deliveries();
      expect(rows).toHaveLength(1_200);
      // Lanes that wait for a retry are bounded too: 200, those under way, those not recorded yet.
      const retrying = rows.filter(({ state }) => state === 'retrying').length;
      expect(retrying).toBeGreaterThanOrEqual(200);
      expect(retrying).toBeLessThanOrEqual(200 + 4 + 64);
      expect(rows.filter(({ state }) => state === 'pending')).toHaveLength(1_200 - retrying);
    }, 120_000);
  });
}

/** First receipts in the order of the call's numbers, each after its predecessor was answered for good or tried out. */
function demandOrder(requests: readonly Received[], cid: string, count: number, seed: number): void {
  const ofCall = requests.filter(({ event }) => event.call_cid === cid);
  const firsts = Array.from({ length: count }, (_, at) =>
    ofCall.findIndex(({ event }) => event.seq === at + 1),
  );
  expect(firsts, `seed ${seed}`).not.toContain(-1);
  expect(firsts, `seed ${seed}`).toEqual(firsts.toSorted((a, b) => a - b));
  for (let seq = 1; seq < count; seq++) {
    const before = ofCall.slice(0, firsts[seq]).filter(({ event }) => event.seq === seq);
    const last = before.at(-1);
    const isFinal = last?.answered === 200 || last?.answered === 400;
    // Two where the connection broke, three where there was an answer or none in time.
    expect(
      isFinal || before.length >= 2,
      `seed ${seed}: ${cid} ${seq} was tried ${before.length} times`,
    ).toBe(true);
  }
}
