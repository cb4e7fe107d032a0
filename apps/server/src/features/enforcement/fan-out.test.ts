import type { CallTypeName } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { type MediaPlane, noMediaPlane } from '../media/index.ts';
import { type Act, createActs } from './act.ts';
import type { Enforcement } from './enforce.ts';
import { type ActsWorld, block, createActsWorld, joinMedia, request } from './test-acts.ts';

const PEOPLE = Array.from({ length: 45 }, (_, at) => `person-${at}`);

/** A media server that counts what it is told; `at` comes before each answer. */
function countingMedia(at: (told: number) => void | Promise<void> = () => undefined) {
  const seen = { identities: [] as string[], now: 0, most: 0 };
  const media: MediaPlane = {
    ...noMediaPlane,
    configured: true,
    async apply({ identity }) {
      seen.identities.push(identity);
      seen.most = Math.max(seen.most, ++seen.now);
      await at(seen.identities.length);
      seen.now--;
      return { isThere: true, tracks: 1 };
    },
  };
  return { seen, media };
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: ActsWorld;
    const nodes: Enforcement[] = [];
    beforeEach(async () => {
      world = await createActsWorld(engine);
      for (const name of PEOPLE) await joinMedia(world, name);
    });
    afterEach(async () => {
      await Promise.all(nodes.splice(0).map((node) => node.close()));
      await world.close();
    });

    const process = (media: MediaPlane): Enforcement => {
      const node = world.another(media);
      nodes.push(node);
      return node;
    };
    const change = (enforcement: Enforcement) =>
      createActs({ ...world, enforcement }).perform(request(), async (act: Act) => {
        act.enforce({ callType: 'default' as CallTypeName });
        return {};
      });
    const progress = () => world.shown.flatMap((one) => ('done' in one ? `${one.done}/${one.total}` : []));
    const results = () => world.shown.flatMap((one) => ('result' in one ? one.result : []));
    const told = async () =>
      (await world.rows('outbox')).flatMap(({ type, payload }) =>
        type === 'enforcement.completed' ? JSON.parse(payload).enforcement : [],
      );

    test('[TSK19] what concerns people has no task', async () => {
      const { media } = countingMedia();
      const acts = createActs({ ...world, enforcement: process(media) });
      const { enforcement } = await acts.perform(request('mod'), block('person-1'));
      expect(enforcement).not.toHaveProperty('task_id');
      expect(world.shown).toEqual([]);
    });

    test('[TSK19] [TSK20] what concerns a type has one, done in lots and completed before the reply', async () => {
      // Nobody is answered before the others of their lot have asked.
      const lots = [20, 40, 45].map((last) => ({ last, ...Promise.withResolvers<void>() }));
      const { seen, media } = countingMedia((count) => {
        const lot = lots.find(({ last }) => count <= last);
        if (count === lot?.last) lot.resolve();
        return lot?.promise;
      });
      const { enforcement } = await change(process(media));
      const { job_id, task_id, ...said } = enforcement ?? {};
      expect(said).toMatchObject({ state: 'applied', sessions: 45, tracks: 45 });
      expect(task_id).toBe(job_id);
      expect(world.shown[0]).toEqual({ job: job_id, isNew: true });
      expect(progress()).toEqual(['0/45', '20/45', '40/45', '45/45']);
      expect(results()).toEqual([said]);
      expect(new Set(seen.identities).size).toBe(45);
      expect(seen.most).toBe(20);
      expect(await told()).toEqual([]);
    });

    test('[TSK20] after a failure it goes on behind what was done', async () => {
      let isBroken = true;
      const { seen, media } = countingMedia(() => {
        if (isBroken && seen.identities.length > 20) throw new Error('the media server hung up');
      });
      const { enforcement } = await change(process(media));
      expect(enforcement).toMatchObject({ state: 'pending', task_id: enforcement?.job_id });
      expect(progress()).toEqual(['0/45', '20/45']);
      const first = seen.identities.slice(0, 20);
      isBroken = false;
      seen.identities.length = 0;
      await vi.waitFor(() => expect(results()).toHaveLength(1), { timeout: 10_000, interval: 20 });
      expect(progress().at(-1)).toBe('45/45');
      expect(seen.identities.filter((identity) => first.includes(identity))).toEqual([]);
      await vi.waitFor(async () => expect(await told()).toHaveLength(1));
      const { job_id, task_id } = enforcement ?? {};
      expect(await told()).toMatchObject([{ state: 'applied', sessions: 45, tracks: 45, job_id, task_id }]);
    });

    test('[TSK20] the door is shut to all whom policy refuses before the media server has answered for any', async () => {
      for (const name of PEOPLE) world.deactivated.add(name);
      const answered = Promise.withResolvers<void>();
      const asked: string[] = [];
      const { media } = countingMedia();
      const node = process({
        ...media,
        async remove({ identity }) {
          asked.push(identity);
          await answered.promise;
          return { isThere: true, tracks: 0 };
        },
      });
      expect((await change(node)).enforcement).toMatchObject({ state: 'pending' });
      const states = async () => new Set((await world.rows('media_sessions')).map(({ state }) => state));
      expect(await states()).toEqual(new Set(['revoked']));
      expect(asked).toHaveLength(20);
      answered.resolve();
      await vi.waitFor(() => expect(results()).toMatchObject([{ sessions: 45 }]), {
        timeout: 10_000,
        interval: 20,
      });
      expect(await states()).toEqual(new Set(['ended']));
      expect(asked.toSorted()).toEqual(PEOPLE.map((name) => `${name}#1`).toSorted());
    });

    test('[TSK20] another process goes on for one that stopped, which takes nothing back when it comes again', async () => {
      const stopped = Promise.withResolvers<void>();
      const slow = countingMedia((count) => (count > 20 ? stopped.promise : undefined));
      expect((await change(process(slow.media))).enforcement).toMatchObject({ state: 'pending' });
      expect(progress()).toEqual(['0/45', '20/45']);
      world.clock.time += 5_001;
      const quick = countingMedia();
      await process(quick.media).takeUp();
      expect(quick.seen.identities).toHaveLength(25);
      expect(progress().slice(2)).toEqual(['20/45', '40/45', '45/45']);
      stopped.resolve();
      await vi.waitFor(() => expect(results()).toHaveLength(2), { timeout: 10_000, interval: 20 });
      expect(await told()).toMatchObject([{ sessions: 45, tracks: 45 }]);
    });
  });
}
