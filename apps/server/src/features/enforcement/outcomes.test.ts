import { type CallCid, EVENTS, type JobId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { validatorOf } from '../../http/validate.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { eventMessage } from '../events/index.ts';
import type { SessionSelector } from '../media/index.ts';
import type { Act } from './act.ts';
import type { Enforcement } from './enforce.ts';
import { type ActsWorld, block, CID, createActsWorld, id, KILLED, request } from './test-acts.ts';

const FAILURE = new Error('the store cannot be reached');

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: ActsWorld;
    const others: Enforcement[] = [];
    beforeEach(async () => {
      world = await createActsWorld(engine);
    });
    afterEach(async () => {
      await Promise.all(others.splice(0).map((other) => other.close()));
      await world.close();
    });

    const another = () => {
      const other = world.another();
      others.push(other);
      return other;
    };
    const told = async () =>
      (await world.rows('outbox'))
        .filter(({ type }) => type === 'enforcement.completed')
        .map((row) => ({ row, ...JSON.parse(row.payload) }));
    const states = async () => (await world.rows('jobs')).map(({ state }) => state);
    /** The verb, and from its end on every question to the policy fails. */
    const breaking = (name: string) => async (act: Act) => {
      const body = await block(name)(act);
      world.broken.error = FAILURE;
      return body;
    };
    /** Fails at one of the points of the next commits: 1 is the first of them. */
    const failAt = (point: 'before-commit' | 'after-commit', commit: number) => {
      let commits = 0;
      world.storage.at = (at) => {
        if (at === point && ++commits === commit) throw FAILURE;
      };
    };
    /** An act that was committed by a process that died then. */
    const leaveBehind = (...selectors: SessionSelector[]) =>
      expect(
        world.killed.perform(request(), async (act) => {
          act.enforce(...selectors);
          return {};
        }),
      ).rejects.toBe(KILLED);

    test('[ACT21] what the reply has told is told by no event', async () => {
      await world.join('sara');
      const one = await world.acts.perform(request('mod'), block('sara'));
      const two = await world.acts.perform(request('mod'), block('nobody'));
      for (const { enforcement } of [one, two]) expect(enforcement).toMatchObject({ state: 'no_media' });
      await world.enforcement.flush();
      await another().recover();
      expect(await states()).toEqual(['done', 'done']);
      expect(await told()).toEqual([]);
    });

    test('[ACT21] after `pending` one event tells what came of it, to webhooks alone', async () => {
      await world.join('sara');
      const { enforcement } = await world.acts.perform(request(), breaking('sara'));
      expect(enforcement).toMatchObject({ state: 'pending', job_id: expect.any(String) });
      expect(await told()).toEqual([]);
      world.broken.error = undefined;
      world.clock.time += 2_500;
      await vi.waitFor(async () => expect(await told()).toHaveLength(1), { timeout: 10_000, interval: 50 });
      const [event] = await told();
      const { job_id } = enforcement ?? {};
      expect(event).toMatchObject({
        ...{ call_cid: CID, job_id },
        enforcement: { state: 'no_media', sessions: 1, tracks: 0, job_id },
      });
      expect(event?.enforcement.took_ms).toBeGreaterThanOrEqual(2_500);
      expect(event?.row).toMatchObject({ cid: null, audience: '{}', concerns: null });
      validatorOf(EVENTS['enforcement.completed'], 'event')(JSON.parse(eventMessage(event!.row)));
      expect(await states()).toEqual(['done']);
      await world.enforcement.recover();
      await another().recover();
      expect(await told()).toHaveLength(1);
    });

    test('[ACT21] the same when the reply was sent while the outcome was written', async () => {
      await world.join('sara');
      let commits = 0;
      let write = () => {};
      const held = new Promise<void>((resolve) => {
        write = resolve;
      });
      world.storage.at = (at) => (at === 'before-commit' && ++commits === 2 ? held : undefined);
      const { enforcement } = await world.acts.perform(request('mod'), block('sara'));
      expect(enforcement).toMatchObject({ state: 'pending' });
      write();
      await vi.waitFor(async () => expect(await told()).toHaveLength(1), { timeout: 10_000, interval: 50 });
      await another().recover();
      expect(await told()).toMatchObject([{ enforcement: { state: 'no_media', sessions: 1 } }]);
    });

    test('[ACT21] the same when nobody is concerned any more', async () => {
      await world.join('sara');
      await world.acts.perform(request(), breaking('sara'));
      world.broken.error = undefined;
      await another().run('of-another-act' as JobId, [{ everybody: true }]);
      await world.enforcement.recover();
      expect(await told()).toMatchObject([{ call_cid: CID, enforcement: { sessions: 0 } }]);
      await world.enforcement.recover();
      expect(await told()).toHaveLength(1);
    });

    test('[ACT21] the event and the outcome are there together or not at all', async () => {
      await world.join('sara');
      await leaveBehind({ userId: id('sara'), cid: CID });
      const other = another();
      failAt('before-commit', 1);
      await other.recover();
      expect(world.failures).toEqual([FAILURE]);
      expect([await states(), await told()]).toEqual([['pending'], []]);
      world.storage.at = () => undefined;
      await other.recover();
      expect(await states()).toEqual(['done']);
      expect(await told()).toHaveLength(1);
    });

    test('[ACT21] what nobody is concerned by, together as well', async () => {
      await leaveBehind({ userId: id('nobody') });
      const other = another();
      failAt('before-commit', 1);
      await expect(other.recover()).rejects.toThrow(FAILURE);
      expect([await states(), await told()]).toEqual([['pending'], []]);
      world.storage.at = () => undefined;
      await other.recover();
      expect(await states()).toEqual(['done']);
      expect(await told()).toHaveLength(1);
    });

    test('[ACT21] a commit whose answer was lost is told as well, once, with what it did', async () => {
      await world.join('sara');
      failAt('after-commit', 2);
      const { enforcement } = await world.acts.perform(request(), block('sara'));
      expect(enforcement).toMatchObject({ state: 'pending' });
      expect([await states(), await told()]).toEqual([['done'], []]);
      await world.enforcement.recover();
      await world.enforcement.recover();
      const { job_id } = enforcement ?? {};
      expect(await told()).toMatchObject([{ job_id, enforcement: { state: 'no_media', sessions: 1 } }]);
    });

    test('[ACT21] of what a crash left behind each is told once, whoever finds it', async () => {
      await world.join('sara');
      const other = 'default:other' as CallCid;
      await leaveBehind({ userId: id('sara'), cid: CID }, { cid: CID });
      await leaveBehind({ cid: CID }, { cid: other });
      await leaveBehind({ cid: other }, { userId: id('sara') });
      await leaveBehind({ cid: 'default:never-made' as CallCid });
      await Promise.all([another().recover(), another().recover(), another().recover()]);
      expect(await states()).toEqual(['done', 'done', 'done', 'done']);
      const jobs = (await world.rows('jobs')).map((job) => job.id).sort();
      expect((await told()).map(({ job_id }) => job_id).sort()).toEqual(jobs);
      const calls = (await told()).map(({ call_cid }) => call_cid).filter(Boolean);
      expect(calls.sort()).toEqual(['default:never-made', CID].sort());
    });
  });
}
