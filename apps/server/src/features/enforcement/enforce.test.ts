import type { CallCid } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobsTable } from '../../storage/tables.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { noMediaPlane } from '../media/index.ts';
import { createAbandonedJobs } from './abandoned-jobs.ts';
import { createActs } from './act.ts';
import { type ActsWorld, block, CID, createActsWorld, id, joinMedia, KILLED, request } from './test-acts.ts';

const OTHER = 'default:other' as CallCid;

for (const engine of testEngines) {
  describe(`enforcement on ${engine.name}`, () => {
    let world: ActsWorld;
    beforeEach(async () => {
      world = await createActsWorld(engine);
    });
    afterEach(() => world.close());

    const live = async () =>
      (await world.rows('media_sessions'))
        .filter((row) => row.state === 'active')
        .map((row) => `${row.user_id} ${row.cid}`)
        .sort();
    const events = async () =>
      (await world.rows('outbox'))
        .sort((a, b) => (a.call_seq ?? 0) - (b.call_seq ?? 0))
        .map((row) => row.type);
    const pending = async () => (await world.rows('jobs')).filter((job) => job.state === 'pending').length;

    it('[ACT5] ends the sessions that policy refuses, and tells of them after the act', async () => {
      await world.join('sara');
      await world.join('sara');
      await world.join('sara', OTHER);
      await world.join('john');
      await world.acts.perform(request('mod'), block('sara'));
      expect(await live()).toEqual([`john ${CID}`, `sara ${OTHER}`]);
      expect(await events()).toEqual(['blocked', 'left', 'left']);
      const ended = (await world.rows('media_sessions')).filter((row) => row.state === 'ended');
      expect(ended.map((row) => row.end_reason)).toEqual(['blocked', 'blocked']);
    });

    it('[ACT5] sessions that are concerned and allowed stay', async () => {
      await world.join('sara');
      const reply = await world.acts.perform(request(), async (act) => {
        act.enforce({ cid: CID });
        return {};
      });
      expect(await live()).toEqual([`sara ${CID}`]);
      expect(reply.enforcement).toMatchObject({ sessions: 1 });
    });

    it("[ACT24] who is put out of the media is shut out by the act's own commit, and told of once", async () => {
      await joinMedia(world, 'sara');
      await joinMedia(world, 'john');
      await world.join('sara', OTHER);
      const removed: string[] = [];
      const node = world.another({
        ...{ ...noMediaPlane, configured: true, calls: async () => [], participants: async () => [] },
        async remove({ identity }) {
          removed.push(identity);
          return { isThere: true, tracks: 0 };
        },
      });
      const run = async () => Promise.reject(KILLED);
      const killed = createActs({ ...world, enforcement: { ...node, run } });
      await expect(killed.perform(request('mod'), block('sara'))).rejects.toBe(KILLED);
      const states = async () =>
        (await world.rows('media_sessions'))
          .map(({ user_id, cid, state }) => `${user_id} ${cid} ${state}`)
          .sort();
      expect(await states()).toEqual([`john ${CID} active`, `sara ${OTHER} active`, `sara ${CID} revoked`]);
      expect(await events()).toEqual(['blocked', 'left']);
      expect(removed).toEqual([]);
      expect(await node.recover()).toBe(1);
      await node.flush();
      expect(removed).toEqual(['sara#1']);
      expect(await states()).toEqual([`john ${CID} active`, `sara ${OTHER} active`, `sara ${CID} ended`]);
      expect((await events()).sort()).toEqual(['blocked', 'enforcement.completed', 'left']);
      await node.close();
    });

    it('[ACT6] says how many sessions were concerned, each once, and that there is no media server', async () => {
      await world.join('sara');
      await world.join('john');
      const reply = await world.acts.perform(request(), async (act) => {
        act.enforce({ cid: CID }, { userId: id('sara') }, { everybody: true });
        return {};
      });
      expect(reply.enforcement).toMatchObject({ state: 'no_media', sessions: 2, tracks: 0 });
      const nobody = await world.acts.perform(request(), block('nobody'));
      expect(nobody.enforcement).toMatchObject({ state: 'no_media', sessions: 0 });
    });

    it('[ACT6] an act that names no sessions has no enforcement', async () => {
      const reply = await world.acts.perform(request(), async () => ({}));
      expect(reply).toEqual({ status: 200, body: {} });
      expect(await world.rows('jobs')).toEqual([]);
    });

    it('[ACT7] what a crash left between commit and enforcement is enforced at the next start', async () => {
      await world.join('sara');
      await expect(world.killed.perform(request('mod'), block('sara'))).rejects.toBe(KILLED);
      expect(await live()).toEqual([`sara ${CID}`]);
      expect(await pending()).toBe(1);
      expect(await world.another().recover()).toBe(1);
      expect(await live()).toEqual([]);
      expect(await pending()).toBe(0);
      expect((await events()).sort()).toEqual(['blocked', 'enforcement.completed', 'left']);
      expect(await world.rows('audit_records')).toHaveLength(1);
    });

    it('[ACT7] however much that is', async () => {
      const scopes = Array.from({ length: 1100 }, (_, at) => ({ userId: id(`person-${at}`) }));
      await world.killed.database.write(async (tx) => {
        for (const scope of scopes) await world.enforcement.addJob(tx, [scope], world.clock.time).written;
      });
      expect(await world.another().recover()).toBe(1100);
      expect(await pending()).toBe(0);
      expect(await world.another().recover()).toBe(0);
    });

    it('[ACT22] what a process leaves that is gone is done by another within seconds, and told once', async () => {
      await world.join('sara');
      await expect(world.killed.perform(request('mod'), block('sara'))).rejects.toBe(KILLED);
      const [second, third] = [world.another(), world.another()];
      world.clock.time += 5_000;
      await second.takeUp();
      expect(await pending()).toBe(1);
      world.clock.time += 1;
      await Promise.all([second.takeUp(), third.takeUp()]);
      await Promise.all([second.flush(), third.flush()]);
      expect(await live()).toEqual([]);
      expect(await pending()).toBe(0);
      expect((await events()).sort()).toEqual(['blocked', 'enforcement.completed', 'left']);
    });

    it('[ACT22] what a process still works on nobody takes', async () => {
      await world.join('sara');
      await expect(world.killed.perform(request('mod'), block('sara'))).rejects.toBe(KILLED);
      const [job] = await world.rows('jobs');
      const { database, clock } = world;
      const working = createAbandonedJobs({
        ...{ database, clock, node: 'slow', own: () => (job ? [job.id] : []) },
        work: () => Promise.reject(new Error('it has work already')),
        onFailure: (error) => void world.failures.push(error),
      });
      for (let seconds = 0; seconds < 20; seconds += 4) {
        clock.time += 4_000;
        await working.run();
        await world.another().takeUp();
      }
      expect(await pending()).toBe(1);
      expect(world.failures).toEqual([]);
      clock.time += 5_001;
      const other = world.another();
      await other.takeUp();
      await other.flush();
      expect(await pending()).toBe(0);
    });

    it('[ACT22] nor while it does what others have left', async () => {
      await world.join('sara');
      await expect(world.killed.perform(request('mod'), block('sara'))).rejects.toBe(KILLED);
      world.clock.time += 5_001;
      const { database, clock } = world;
      const taken: JobsTable[] = [];
      const slow = createAbandonedJobs({
        ...{ database, clock, node: 'slow', own: () => taken.map((job) => job.id) },
        work: (job) => new Promise(() => taken.push(job)),
        onFailure: (error) => void world.failures.push(error),
      });
      void slow.run();
      await vi.waitFor(() => expect(taken).toHaveLength(1), { interval: 5 });
      const other = world.another();
      for (let seconds = 0; seconds < 12; seconds += 4) {
        clock.time += 4_000;
        void slow.run();
        const heldUntil = clock.time + 5_000;
        const isHeld = async () =>
          expect(await world.rows('jobs')).toMatchObject([{ leased_by: 'slow', leased_until: heldUntil }]);
        await vi.waitFor(isHeld, { interval: 5 });
        await other.takeUp();
      }
      expect(await pending()).toBe(1);
    });

    it('[ACT23] a hundred jobs are worked on at a time; others answer `pending`, and are done when there is room', async () => {
      const names = Array.from({ length: 103 }, (_, at) => `person-${at}`);
      for (const name of names) await joinMedia(world, name);
      const hanging: (() => void)[] = [];
      let isHanging = true;
      const node = world.another({
        ...{ ...noMediaPlane, configured: true, calls: async () => [], participants: async () => [] },
        async remove() {
          if (isHanging) await new Promise<void>((go) => hanging.push(go));
          return { isThere: true, tracks: 0 };
        },
      });
      const acts = createActs({ ...world, enforcement: node });
      const replies = await Promise.all(names.map((name) => acts.perform(request('mod'), block(name))));
      expect(replies.map(({ enforcement }) => enforcement?.state)).toEqual(names.map(() => 'pending'));
      expect(hanging).toHaveLength(100);
      isHanging = false;
      for (const go of hanging) go();
      await vi.waitFor(async () => expect(await pending()).toBe(0), { timeout: 10_000, interval: 50 });
      expect(await live()).toEqual([]);
      expect((await events()).filter((type) => type === 'enforcement.completed')).toHaveLength(103);
      await node.close();
    });

    it('[ENF19] a start waits for no media server that hangs, and fifty jobs are worked on at a time', async () => {
      const names = Array.from({ length: 60 }, (_, at) => `person-${at}`);
      for (const name of names) await joinMedia(world, name);
      for (const name of names)
        await expect(world.killed.perform(request('mod'), block(name))).rejects.toBe(KILLED);
      const hanging: (() => void)[] = [];
      const node = world.another({
        ...{ ...noMediaPlane, configured: true, calls: async () => [], participants: async () => [] },
        async remove() {
          await new Promise<void>((go) => hanging.push(go));
          return { isThere: true, tracks: 0 };
        },
      });
      await node.start();
      expect(await pending()).toBe(60);
      await vi.waitFor(() => expect(hanging).toHaveLength(50), { timeout: 10_000, interval: 5 });
      expect(await live()).toHaveLength(10);
      // As soon as it answers, the others come too.
      const answering = setInterval(() => hanging.splice(0).forEach((go) => void go()), 5);
      await vi.waitFor(async () => expect(await pending()).toBe(0), { timeout: 10_000, interval: 20 });
      clearInterval(answering);
      expect(await live()).toEqual([]);
      await node.close();
    });

    it('[ACT7] without a media server a start resolves when all that is done', async () => {
      await world.join('sara');
      await expect(world.killed.perform(request('mod'), block('sara'))).rejects.toBe(KILLED);
      const node = world.another();
      await node.start();
      expect(await live()).toEqual([]);
      expect(await pending()).toBe(0);
      await node.close();
    });

    it('[ACT8] a failure after the commit answers pending, is logged, and is tried again', async () => {
      await world.join('sara');
      const error = new Error('the store cannot be read');
      const reply = await world.acts.perform(request(), async (act) => {
        const body = await block('sara')(act);
        world.broken.error = error;
        return body;
      });
      expect(reply).toMatchObject({
        status: 201,
        body: { blocked: 'sara' },
        enforcement: { state: 'pending' },
      });
      expect(world.failures).toEqual([error]);
      expect(await live()).toEqual([`sara ${CID}`]);
      world.broken.error = undefined;
      await vi.waitFor(async () => expect(await live()).toEqual([]), { timeout: 10_000, interval: 50 });
      expect(await pending()).toBe(0);
    });

    it('[ACT9] a session whose person is gone ends, and so do the others', async () => {
      await world.join('gone');
      await world.join('sara');
      world.gone.add('gone');
      const reply = await world.acts.perform(request(), async (act) => {
        const body = await block('sara')(act);
        act.enforce({ cid: CID });
        return body;
      });
      expect(reply.enforcement).toMatchObject({ sessions: 2 });
      expect(world.failures).toEqual([]);
      const reasons = (await world.rows('media_sessions')).map((row) => `${row.user_id} ${row.end_reason}`);
      expect(reasons.sort()).toEqual(['gone deleted', 'sara blocked']);
    });

    it('[ACT10] a job that runs twice ends and tells nothing twice', async () => {
      await world.join('sara');
      await world.acts.perform(request('mod'), block('sara'));
      const before = { events: await events(), rows: await world.rows('media_sessions') };
      const [job] = await world.rows('jobs');
      if (!job) throw new Error('no job');
      world.clock.time += 1000;
      await world.another().run(job.id, JSON.parse(job.scope));
      expect({ events: await events(), rows: await world.rows('media_sessions') }).toEqual(before);
    });

    it('[ACT11] what came of a job is known at once and on disk within a second', async () => {
      const reply = await world.acts.perform(request('mod'), block('sara'));
      const [job] = await world.rows('jobs');
      if (!job) throw new Error('no job');
      const results = await world.acts.database.read((snapshot) =>
        world.enforcement.resultsOf(snapshot, [job.id]),
      );
      const { job_id, ...result } = reply.enforcement ?? {};
      expect(job_id).toBe(job.id);
      expect(results.get(job.id)).toEqual(result);
      const onDisk = async () =>
        (await world.rows('jobs')).map(({ state, result }) => [state, JSON.parse(result ?? '0')]);
      await vi.waitFor(async () => expect(await onDisk()).toEqual([['done', result]]), {
        timeout: 5000,
        interval: 50,
      });
    });

    it('[ACT11] a graceful stop leaves no job undone', async () => {
      const people = Array.from({ length: 450 }, (_, at) => `person-${at}`);
      for (const name of people) await world.acts.perform(request('mod'), block(name));
      await world.enforcement.close();
      expect(await pending()).toBe(0);
    });

    it('[ACT12] acts that end the same sessions at once all get through, and each session ends once', async () => {
      const people = Array.from({ length: 6 }, (_, at) => `person-${at}`);
      for (const name of people) for (const cid of [OTHER, CID]) await world.join(name, cid);
      const replies = await Promise.all(
        people.flatMap((name) =>
          [CID, OTHER].map((cid) =>
            world.acts.perform(request('mod'), async (act) => {
              const body = await block(name, cid)(act);
              act.enforce({ everybody: true });
              return body;
            }),
          ),
        ),
      );
      expect(replies.map((reply) => reply.enforcement?.state)).toEqual(replies.map(() => 'no_media'));
      expect(world.failures).toEqual([]);
      expect(await live()).toEqual([]);
      const left = (await world.rows('outbox')).filter((row) => row.type === 'left');
      expect(left).toHaveLength(12);
    });
  });
}
