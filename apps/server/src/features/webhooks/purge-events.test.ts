import type { EventHookRequest } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { plansOf } from '../../storage/test-plans.ts';
import { lastPlace } from '../events/index.ts';
import { refusedWith } from '../test/world.ts';
import { PURGE_BATCH } from '../timers/index.ts';
import { deleteUnneeded, placedEvents } from './purge-events.store.ts';
import { purgeEvents } from './purge-events.ts';
import { replayDeliveries } from './replay-deliveries.ts';
import { replayDelivery } from './replay-delivery.ts';
import { createHookWorld, type HookWorld } from './test-hook-world.ts';
import { type Answer, answerWith, ok, type Receiver } from './test-receiver.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let hooks: HookWorld;
    let receiver: Receiver;
    beforeEach(async () => {
      hooks = await createHookWorld(engine, { attemptMs: 500 });
      receiver = await hooks.receiver();
    });
    afterEach(() => hooks.close());

    const acts = () => hooks.world.services.acts;
    const server = () => hooks.world.server();
    const database = () => hooks.world.services.database;
    const hook = async (more: Partial<EventHookRequest> = {}) => {
      const types = ['call.updated', 'user.updated'];
      const [made] = await hooks.setHooks({ webhook_url: receiver.url, event_types: types, ...more });
      return made!.id;
    };
    /** The calls and people of the events that are there, in order. */
    const kept = async () => {
      const rows = (await hooks.world.rows('outbox')).filter(({ type }) => type !== 'app.updated');
      rows.sort((a, b) => (a.app_seq ?? Number.MAX_SAFE_INTEGER) - (b.app_seq ?? Number.MAX_SAFE_INTEGER));
      return rows.map(({ cid, payload }) => cid ?? (JSON.parse(payload) as { user: { id: string } }).user.id);
    };
    /** Time passes at once, then what is due is done, and an hour later again. */
    const purgeAfter = async (ms: number) => {
      await hooks.world.pass(ms);
      await hooks.world.pass(HOUR_MS);
    };
    const failing =
      (cid: string, answer: Answer): Answer =>
      (received, reply) =>
        (received.event.call_cid === cid ? answer : ok)(received, reply);

    test('[EVT10] events of 30 days ago go, the last one never, and places go on behind it', async () => {
      await hooks.tell('default:old', 'old');
      await hooks.settle();
      await hooks.world.pass(HOUR_MS);
      await hooks.tell('default:new', 'new');
      await hooks.settle();
      await hooks.world.pass(30 * DAY_MS - HOUR_MS);
      expect(await kept()).toHaveLength(4);
      await hooks.world.pass(HOUR_MS);
      expect((await kept()).sort()).toEqual(['default:new', 'new']);
      const last = await database().read(lastPlace);
      await purgeAfter(30 * DAY_MS);
      expect(await kept()).toHaveLength(1);
      await hooks.tell('later');
      await hooks.settle();
      expect(await database().read(lastPlace)).toBe(last + 1);
      await purgeAfter(DAY_MS);
      expect(await kept()).toEqual(['later']);
    });

    test('[EVT10] what has no place yet stays, and gets its place behind the last', async () => {
      await hooks.tell('first', 'second');
      await hooks.settle();
      await hooks.tell('without a place');
      await purgeAfter(40 * DAY_MS);
      expect(await kept()).toEqual(['second', 'without a place']);
      await hooks.settle();
      expect(await database().read(lastPlace)).toBe(3);
    });

    test('[EVT10] what a hook that is on has not looked at stays, and is sent', async () => {
      const id = await hook();
      await hooks.settle();
      await hooks.tell('early', 'late', 'last');
      await hooks.world.services.eventOrder.flush();
      await purgeAfter(40 * DAY_MS);
      expect(await kept()).toEqual(['early', 'late', 'last']);
      await hooks.settle();
      expect(receiver.requests).toHaveLength(3);
      await hook({ id, enabled: false });
      await hooks.tell('behind a hook that is off', 'the very last');
      await hooks.world.services.eventOrder.flush();
      await purgeAfter(40 * DAY_MS);
      expect(await kept()).toEqual(['the very last']);
    });

    test('[EVT10] what is under way to a hook stays until it has arrived, and what is dead for as long as that', async () => {
      const id = await hook();
      receiver.answer = (received, reply) =>
        (received.event.call_cid === 'default:fine' ? ok : answerWith(404))(received, reply);
      await hooks.tell('default:dead', 'default:fine', 'default:slow');
      await hooks.settle();
      receiver.answer = answerWith(500);
      await hooks.tell('default:retried', 'default:retried');
      await hooks.settle();
      const slow = (await hooks.deliveries()).find(({ lane }) => lane === 'call:default:slow');
      await replayDelivery(acts(), server(), slow!.id);
      await hook({ id, enabled: false });
      const states = (await hooks.deliveries()).map(({ state }) => state);
      expect(states).toEqual(['dead', 'delivered', 'slow', 'retrying', 'pending']);
      await hooks.tell('last');
      await hooks.world.services.eventOrder.flush();
      await purgeAfter(31 * DAY_MS);
      expect(await kept()).toEqual([
        'default:dead',
        'default:slow',
        'default:retried',
        'default:retried',
        'last',
      ]);
      receiver.answer = ok;
      await hook({ id });
      await hooks.settle();
      await replayDeliveries(acts(), server(), { since: new Date(0).toISOString() });
      await hooks.settle();
      await hooks.world.pass(HOUR_MS);
      expect((await hooks.deliveries()).filter(({ state }) => state !== 'delivered')).toEqual([]);
      expect(await kept()).not.toContain('default:slow');
    });

    test('[EVT10] events of a deleted hook are needed by nobody', async () => {
      receiver.answer = answerWith(404);
      await hook();
      await hooks.tell('dead', 'last');
      await hooks.settle();
      await hooks.setHooks();
      await hooks.settle();
      await purgeAfter(31 * DAY_MS);
      expect(await kept()).toEqual([]);
    });

    test('[EVT10] in batches, past those that stay, all in one go', async () => {
      receiver.answer = (received, reply) =>
        (`${received.event.call_cid}`.startsWith('default:dead') ? answerWith(404) : ok)(received, reply);
      const id = await hook({ event_types: ['call.updated'] });
      const dead = Array.from({ length: PURGE_BATCH + 20 }, (_, at) => `default:dead${at}`);
      await hooks.tell(...dead);
      await hooks.settle();
      await hook({ id, enabled: false });
      await hooks.tell(...Array.from({ length: 2 * PURGE_BATCH }, (_, at) => `person-${at}`), 'last');
      await hooks.world.services.eventOrder.flush();
      await hooks.world.pass(30 * DAY_MS + HOUR_MS);
      expect(await kept()).toEqual([...dead, 'last']);
      const timers = (await hooks.world.rows('timers')).filter(({ key }) => key === 'events');
      expect(timers).toMatchObject([{ due_at: hooks.world.clock.now() + HOUR_MS, data: null }]);
    }, 60_000);

    test('[EVT10] it reads no further than where events are young', async () => {
      await hooks.tell(...Array.from({ length: 3 }, (_, at) => `person-${at}`));
      await hooks.settle();
      const now = hooks.world.clock.now();
      const purge = (at: number, days: number) =>
        database().write((tx) => purgeEvents(days)(tx, at, PURGE_BATCH, 0));
      expect(await purge(now + DAY_MS, 1)).toBe(0);
      expect(await purge(now + DAY_MS + 1, 2)).toBe(0);
      expect(await kept()).toHaveLength(3);
      expect(await purge(now + DAY_MS + 1, 1)).toEqual({ looked: 2, last: 2 });
      expect(await kept()).toEqual(['person-2']);
    });

    test('[EVT10] the events and what needs them are found in indexes', async () => {
      const plans = await plansOf(database(), async (tx) => {
        await placedEvents(tx, 1_000, PURGE_BATCH);
        await deleteUnneeded(tx, { after: 1_000, last: 1_200, before: 0 });
      });
      expect(plans).toHaveLength(2);
      for (const plan of plans) {
        expect(plan).toMatch(/(using|scan).* outbox_app_seq\b/i);
        expect(plan).not.toMatch(/("SCAN|Seq Scan on) (outbox|webhook_deliveries)\b/);
      }
    });

    test('[WHK28] [WHK27] a replay since long ago sends what is kept, and says of the rest that it is gone', async () => {
      receiver.answer = failing('default:dead', answerWith(404));
      await hook();
      await hooks.tell('default:dead', 'default:fine', 'last');
      await hooks.settle();
      const long = new Date(0).toISOString();
      const fine = (await hooks.deliveries()).find(({ lane }) => lane === 'call:default:fine');
      const days = 2;
      await database().write((tx) => purgeEvents(days)(tx, hooks.world.clock.now() + 3 * DAY_MS, 200, 0));
      expect(await kept()).toEqual(['default:dead', 'last']);
      expect(await refusedWith(replayDelivery(acts(), server(), fine!.id))).toMatchObject({
        ...{ status: 404, message: expect.stringContaining('event') },
      });
      receiver.answer = ok;
      receiver.requests.splice(0);
      const { body } = await replayDeliveries(acts(), server(), { since: long });
      expect(body.deliveries).toBe(1);
      await hooks.settle();
      expect(receiver.requests.map(({ event }) => event.call_cid)).toEqual(['default:dead']);
      await hooks.pass(8 * DAY_MS, 4 * DAY_MS);
      expect((await replayDeliveries(acts(), server(), { since: long })).body.deliveries).toBe(0);
    });
  });
}
