import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { setTimer, type Timer } from '../timers/index.ts';
import type { DueWork } from './act.ts';
import { type ActsWorld, block, CID, createActsWorld, id, KILLED, START } from './test-acts.ts';

const TIMER: Timer = { kind: 'test.block', key: 'sara', dueAt: START, data: null, attempts: 0 };

/** Blocks the person that the timer names. */
const work: DueWork = {
  hold: (tx, { key }) => tx.lock(`pair:${CID}/${key}`),
  verb: async (act, { key }) => void (await block(key)(act)),
};

for (const engine of testEngines) {
  describe(`acts of timers on ${engine.name}`, () => {
    let world: ActsWorld;
    beforeEach(async () => {
      world = await createActsWorld(engine);
      await world.acts.database.write((tx) => setTimer(tx, TIMER));
    });
    afterEach(() => world.close());
    const timers = async () => (await world.rows('timers')).length;

    test('[TIM6] what is gone or moved meanwhile does nothing', async () => {
      await world.acts.performDue({ ...TIMER, dueAt: START - 1 }, work);
      await world.acts.performDue({ ...TIMER, key: 'john' }, work);
      expect(await world.traces()).toMatchObject({ call_blocks: 0, audit_records: 0, outbox: 0, jobs: 0 });
      expect(await timers()).toBe(1);
    });

    test('[TIM6] an act that fails leaves its timer, and nothing else', async () => {
      const failing: DueWork = {
        ...work,
        async verb(act, timer) {
          await work.verb(act, timer);
          throw new Error('after everything was stated');
        },
      };
      await expect(world.acts.performDue(TIMER, failing)).rejects.toThrow('after everything');
      expect(await world.traces()).toMatchObject({ call_blocks: 0, audit_records: 0, outbox: 0, jobs: 0 });
      expect(await timers()).toBe(1);
    });

    test('[TIM6] one record by the system, the events, and enforcement; the timer is gone', async () => {
      await world.join('sara');
      await world.acts.performDue(TIMER, work);
      const [job] = await world.rows('jobs');
      const records = await world.rows('audit_records');
      expect(records).toMatchObject([
        {
          ...{ action: 'call.block', actor_kind: 'system', actor_id: null, address: null, target_id: 'sara' },
          ...{ job_id: job?.id, request_id: expect.stringMatching(/^timer:test\.block:[0-9a-f-]{36}$/) },
        },
      ]);
      expect((await world.rows('outbox')).map(({ type }) => type)).toEqual(['blocked', 'left']);
      expect((await world.rows('media_sessions')).map(({ state }) => state)).toEqual(['ended']);
      expect(await timers()).toBe(0);
    });

    test('[TIM6] at the same time on several processes it is done once', async () => {
      await Promise.all(Array.from({ length: 4 }, () => world.acts.performDue(TIMER, work)));
      expect(await world.traces()).toMatchObject({ call_blocks: 1, audit_records: 1, outbox: 1 });
    });

    test('[TIM6] what a crash between commit and enforcement left behind is enforced at the next start', async () => {
      await world.join('sara');
      await expect(world.killed.performDue(TIMER, work)).rejects.toBe(KILLED);
      expect(await timers()).toBe(0);
      expect(await world.enforcement.recover()).toBe(1);
      expect((await world.rows('media_sessions')).map(({ state }) => state)).toEqual(['ended']);
    });

    test('[TIM6] nothing to do leaves neither record, event nor job', async () => {
      await world.acts.performDue(TIMER, work);
      await world.acts.database.write((tx) => setTimer(tx, TIMER));
      const before = await world.traces();
      await world.acts.performDue(TIMER, work);
      expect(await world.traces()).toEqual(before);
      expect(await timers()).toBe(0);
    });

    test('[TIM6] the act is not earlier than its time, whatever the clock says', async () => {
      world.clock.time = START - 5000;
      await world.acts.performDue(TIMER, work);
      expect(await world.rows('call_blocks')).toMatchObject([{ user_id: id('sara'), created_at: START }]);
    });
  });
}
