import { join } from 'node:path';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import type { Location } from '@callgate/server/storage/reader.ts';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { noteFigure } from '../../scripts/test-notes.ts';
import { type RunningServer, startServer } from '../harness/index.ts';
import { between, randomFrom } from './random.ts';
import { verifyAuditChain } from './records.ts';
import { demand } from './state.ts';
import { changesOf, type TaskResult } from './task-records.ts';

const ROUNDS = testCounts().taskKillRounds;
const ENTRY = join(import.meta.dirname, 'entry.ts');
const PEOPLE = Array.from({ length: 2_000 }, (_, at) => `fan-${at}`);
/** Pieces of the two tasks of a round, so arrivals at each point. */
const ARRIVALS = 20;
const POINTS = ['mid-task', 'between-pieces', 'before-commit', 'after-commit', undefined] as const;
const ARMED = 'SIGHUP';

interface Task {
  status: string;
  progress: { done: number; total: number };
}

/** Starts two tasks, on one half of the people each; the same keys start the same tasks again. */
async function startTasks(server: RunningServer, round: number): Promise<string[]> {
  const verb = round % 2 === 0 ? 'deactivate' : 'reactivate';
  const halves = [PEOPLE.slice(0, PEOPLE.length / 2), [...PEOPLE.slice(PEOPLE.length / 2), 'nobody']];
  return Promise.all(
    halves.map(async (user_ids, half) => {
      const name = `task-${round}-${half}`;
      const { status, body } = await server.api<{ task_id: string }>('POST', `/api/v2/users/${verb}`, {
        body: { user_ids },
        headers: { 'idempotency-key': name, 'x-request-id': name },
      });
      expect(status).toBe(201);
      return body.task_id;
    }),
  );
}

async function untilEnded(server: RunningServer, id: string): Promise<Task> {
  for (;;) {
    const task = await demand<Task>(server, 'GET', `/api/v2/tasks/${id}`);
    if (task.status !== 'pending' && task.status !== 'running') return task;
    await new Promise((next) => setTimeout(next, 20));
  }
}

async function resultsOf(server: RunningServer, id: string): Promise<TaskResult[]> {
  const found: TaskResult[] = [];
  for (let query = ''; ; ) {
    const path = `/api/v2/tasks/${id}/results`;
    const page = await server.api<{ results: TaskResult[]; next?: string }>('GET', path, {
      query: { limit: '1000', ...(query && { next: query }) },
    });
    found.push(...page.body.results);
    if (page.body.next === undefined) return found;
    query = page.body.next;
  }
}

async function makePeople(server: RunningServer): Promise<void> {
  for (let from = 0; from < PEOPLE.length; from += 100) {
    const users = Object.fromEntries(PEOPLE.slice(from, from + 100).map((id) => [id, { id }]));
    await demand(server, 'POST', '/api/v2/users', { users });
  }
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[TSK7] kill -9 in ${ROUNDS} rounds while tasks run: nobody is left out, nobody done twice`, {
      timeout: 120_000 + ROUNDS * 60_000,
    }, async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const empty = await engine.createEmpty();
      const isSqlite = engine.name === 'sqlite';
      const env = isSqlite ? {} : { DATABASE_URL: empty.location };
      const server = await startServer({ entry: ENTRY, readyWithinMs: 60_000, env });
      const location: Location = isSqlite
        ? { file: join(server.dataDir, SQLITE_FILE) }
        : { url: empty.location };
      let inTheMiddle = 0;
      try {
        await makePeople(server);
        await server.stop();
        for (let round = 0; round < ROUNDS; round++) {
          const point = POINTS[(round + seed) % POINTS.length];
          const count = between(random, 1, ARRIVALS);
          const where = `round ${round}, killed at ${point ?? 'a random instant'} ${count}, seed ${seed}`;
          await server.start(point ? { CRASH_POINT: point, CRASH_ARRIVAL: String(count) } : {});
          if (point) process.kill(server.pid, ARMED);
          else setTimeout(() => void server.kill(), random() * 400);
          await startTasks(server, round).catch(() => undefined);
          await server.ended();

          await server.start();
          const ids = await startTasks(server, round);
          const before = await Promise.all(
            ids.map((id) => demand<Task>(server, 'GET', `/api/v2/tasks/${id}`)),
          );
          if (before.some(({ progress: { done, total } }) => done > 0 && done < total)) inTheMiddle++;
          const tasks = await Promise.all(ids.map((id) => untilEnded(server, id)));
          expect(
            tasks.map(({ status }) => status),
            where,
          ).toEqual(['completed', 'completed']);
          const results = (await Promise.all(ids.map((id) => resultsOf(server, id)))).flat();
          expect(
            results.map(({ user_id }) => user_id),
            where,
          ).toEqual([...PEOPLE, 'nobody']);
          const failed = results.filter(({ status }) => status !== 'ok').map(({ user_id }) => user_id);
          expect(failed, where).toEqual(['nobody']);

          await server.stop();
          const changes = await changesOf(location, [`task-${round}-0`, `task-${round}-1`]);
          expect(changes.starts, where).toBe(2);
          expect(changes.recorded.toSorted(), where).toEqual(PEOPLE.toSorted());
          expect(changes.pendingJobs, where).toBe(0);
          expect(changes.toldTimes, where).toEqual([(round >> 1) + 1]);
        }
        const chain = await verifyAuditChain(location, server.dataDir);
        expect(chain.broken).toBeUndefined();
        noteFigure(
          `kill -9 while tasks run on ${engine.name}: ${ROUNDS} rounds, ${ROUNDS * PEOPLE.length} changes of users, 0 lost, 0 doubled; ${inTheMiddle} times in the middle of a task`,
        );
      } finally {
        await server.discard();
        await empty.remove();
      }
    });
  });
}
