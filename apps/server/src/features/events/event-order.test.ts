import type { CallCid } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builderOf } from '../../storage/prepared.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { plansOf } from '../../storage/test-plans.ts';
import { createWorld, type World } from '../test/world.ts';
import { eventMessage } from './event-message.ts';
import { eventsAfter, lastPlace, lastSeqOf } from './event-order.store.ts';
import { createEventOrder, placesOf } from './event-order.ts';
import { appendEvents } from './outbox.store.ts';

const silent = { error: () => undefined };

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('mary');
      cid = await world.call('default:one', { createdBy: 'mary' });
    });
    afterEach(() => world.close());

    const db = () => world.services.database;
    const append = (type: string, of: CallCid | undefined, at = world.clock.now()) =>
      db().write((tx) =>
        appendEvents(tx, [{ type, audience: {}, payload: { said: type }, ...(of && { cid: of }) }], at),
      );
    const orderOf = (batch?: number) =>
      createEventOrder({
        database: db(),
        clock: world.clock,
        logger: silent,
        ...(batch !== undefined && { batch }),
      });
    const all = () => db().read((snapshot) => eventsAfter(snapshot, 0, 10_000));
    const places = async () => (await all()).map(({ app_seq }) => app_seq);
    const oneTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

    test('[EVT1] places have no gaps and are given once, also by several at once', async () => {
      const orders = [orderOf(7), orderOf(7), orderOf(7)];
      for (let round = 0; round < 5; round++) {
        await Promise.all(
          Array.from({ length: 20 }, (_, at) => append(`e${at}`, at % 2 === 0 ? cid : undefined)),
        );
        await Promise.all(orders.map((order) => order.flush()));
      }
      expect(await places()).toEqual(oneTo(100));
    });

    test('[EVT2] within a call numbers decide, otherwise times', async () => {
      const other = await world.call('default:two', { createdBy: 'mary' });
      const now = world.clock.now();
      await append('late clock', cid, now + 5_000);
      await append('early clock', cid, now - 5_000);
      await append('other call', other, now);
      await append('no call', undefined, now + 1_000);
      await orderOf().flush();
      const told = (await all()).map(({ type }) => type);
      expect(told.filter((type) => type.endsWith('clock'))).toEqual(['late clock', 'early clock']);
      expect(told.indexOf('other call')).toBeLessThan(told.indexOf('no call'));
    });

    test('[EVT2] a batch that is full takes along what comes before it in its calls', async () => {
      const now = world.clock.now();
      for (let count = 0; count < 10; count++) await append(`e${count}`, cid, now - count * 1_000);
      const order = orderOf(3);
      await order.flush();
      expect((await all()).map(({ type }) => type)).toEqual(oneTo(10).map((count) => `e${count - 1}`));
      expect(await places()).toEqual(oneTo(10));
    });

    test('[EVT3] what a crash left without a place gets one at the start, and what wakes us soon', async () => {
      await append('left behind', cid);
      const order = orderOf();
      await order.start();
      expect(await places()).toEqual([1]);
      await append('fresh', cid);
      order.wake();
      await expect.poll(places).toEqual([1, 2]);
      await order.close();
    });

    test('[EVT4] listeners hear the last place, whoever gave it', async () => {
      const [mine, theirs] = [orderOf(), orderOf()];
      const heard: number[] = [];
      const stop = mine.onOrdered((last) => heard.push(last));
      await append('one', cid);
      await mine.flush();
      await append('two', cid);
      await theirs.flush();
      await mine.tick();
      stop();
      await append('three', cid);
      await mine.flush();
      expect(heard).toEqual([1, 2]);
    });

    test('[EVT8] the last place and the events behind one are found in the index of places', async () => {
      const asked = await plansOf(db(), async (tx) => {
        await lastPlace(tx);
        await eventsAfter(tx, 1_000, 200);
      });
      expect(asked.length).toBe(2);
      for (const plan of asked) expect(plan).toMatch(/(using|scan).* outbox_app_seq\b/i);
    });

    test('[EVT5] the members of the commit are named; of a large call they are not', async () => {
      const call = await world.call('default:big', { createdBy: 'mary' });
      const members = Array.from({ length: 1_001 }, (_, at) => `m${at}`);
      const rows = members.map((user_id) => ({
        ...{ cid: call, user_id: user_id as never, role: 'call_member' as never, custom: '{}' },
        ...{ created_at: 0, updated_at: 0 },
      }));
      const insert = (some: typeof rows) =>
        db().write(
          async (tx) =>
            void (await tx.run(builderOf(tx.engine).insertInto('call_members').values(some).compile())),
        );
      const tell = () =>
        db().write((tx) =>
          appendEvents(
            tx,
            [{ type: 'x', cid: call, audience: { members: true, watchers: true }, payload: {} }],
            0,
          ),
        );
      await insert(rows.slice(0, 2));
      await tell();
      await insert(rows.slice(2));
      await tell();
      await orderOf().flush();
      const audiences = (await all()).map(({ audience }) => JSON.parse(audience) as object);
      expect(audiences).toEqual([
        { members: ['m0', 'm1'], watchers: true },
        { members: 'many', watchers: true },
      ]);
    });

    test('[EVT6] the last event of an act says whose policy it may have changed', async () => {
      const concerns = [{ userId: 'sara', cid }];
      await db().write((tx) =>
        appendEvents(
          tx,
          ['a', 'b'].map((type) => ({ type, cid, audience: {}, payload: {} })),
          0,
          concerns,
        ),
      );
      await orderOf().flush();
      const rows = await all();
      expect(rows.map((row) => row.concerns && JSON.parse(row.concerns))).toEqual([null, concerns]);
      expect(await db().read((snapshot) => lastSeqOf(snapshot, cid, 1))).toBe(1);
    });

    test('[EVT7] the text of an event has the common fields and its own', async () => {
      await append('said', cid);
      await append('empty', undefined);
      await orderOf().flush();
      const [said, other] = (await all()).map((row) => JSON.parse(eventMessage(row)) as object);
      expect(said).toEqual({
        type: 'said',
        created_at: '2026-01-01T00:00:00.000Z',
        event_id: expect.any(String),
        call_cid: cid,
        seq: 1,
        said: 'said',
      });
      expect(other).not.toHaveProperty('call_cid');
      expect(other).not.toHaveProperty('seq');
    });
  });
}

test('[EVT7] an event without fields of its own is JSON too', () => {
  const row = { id: 'e' as never, type: 'bare', cid: null, call_seq: null, payload: '{}', audience: '{}' };
  const rest = { created_at: 0, app_seq: 1, concerns: null };
  expect(JSON.parse(eventMessage({ ...row, ...rest }))).toMatchObject({ type: 'bare', event_id: 'e' });
});

test('[EVT2] places follow numbers in each call, times between calls', () => {
  const row = (id: string, cid: string | null, call_seq: number | null, created_at: number) => ({
    ...{ id: id as never, cid: cid as never, call_seq, created_at },
  });
  const rows = [
    row('a2', 'a', 2, 10),
    row('b1', 'b', 1, 20),
    row('a1', 'a', 1, 30),
    row('n', null, null, 25),
  ];
  expect(placesOf(rows, 7)).toEqual([
    { id: 'a1', app_seq: 8 },
    { id: 'b1', app_seq: 9 },
    { id: 'n', app_seq: 10 },
    { id: 'a2', app_seq: 11 },
  ]);
});
