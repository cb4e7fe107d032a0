import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import type { RunningServer } from '../harness/index.ts';
import { checkBooks, requestProblems } from './books.ts';
import { countKills, killUnderLoad, nameOf, planKills, settingsOf } from './kills.ts';
import { randomFrom } from './random.ts';
import { createKillReport } from './report.ts';
import { demand } from './state.ts';
import { changesOf, type TaskResult } from './task-records.ts';
import { createUpdates } from './updates.ts';
import { type CrashWorld, openCrashWorld } from './world.ts';

const ROUNDS = testCounts().taskKillRounds;
const PEOPLE = Array.from({ length: 2_000 }, (_, at) => `fan-${at}`);
/** How often a round reaches a point at least: the two tasks have 20 pieces, whose commits lie among others. */
const POINTS = { 'mid-task': 20, 'between-pieces': 20, 'before-commit': 60, 'after-commit': 60 };
/** Milliseconds before a random instant. */
const INSTANTS = [1, 400] as const;
/** Calls that are changed at once while tasks run. */
const CLIENTS = 2;

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

/** What must hold of the tasks of a round after its kill; resolves with whether one was killed in the middle. */
async function checkTasks({ server, location }: CrashWorld, round: number, hint: string): Promise<boolean> {
  const ids = await startTasks(server, round);
  const before = await Promise.all(ids.map((id) => demand<Task>(server, 'GET', `/api/v2/tasks/${id}`)));
  const tasks = await Promise.all(ids.map((id) => untilEnded(server, id)));
  expect(
    tasks.map(({ status }) => status),
    hint,
  ).toEqual(['completed', 'completed']);
  const results = (await Promise.all(ids.map((id) => resultsOf(server, id)))).flat();
  expect(
    results.map(({ user_id }) => user_id),
    hint,
  ).toEqual([...PEOPLE, 'nobody']);
  const failed = results.filter(({ status }) => status !== 'ok').map(({ user_id }) => user_id);
  expect(failed, hint).toEqual(['nobody']);

  const changes = await changesOf(location, [`task-${round}-0`, `task-${round}-1`]);
  expect(changes.starts, hint).toBe(2);
  expect(changes.recorded.toSorted(), hint).toEqual(PEOPLE.toSorted());
  expect(changes.toldTimes, hint).toEqual([(round >> 1) + 1]);
  return before.some(({ progress: { done, total } }) => done > 0 && done < total);
}

const report = createKillReport();
afterAll(() => report.finish());

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[TSK7] [EVT9] kill -9 in ${ROUNDS} rounds while tasks run: nobody is left out, nobody done twice`, {
      timeout: 120_000 + ROUNDS * 60_000,
    }, async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const kills = planKills(POINTS, { rounds: ROUNDS, seed, random, instants: INSTANTS });
      const world = await openCrashWorld(engine);
      const { server, location } = world;
      const updates = createUpdates(CLIENTS);
      let inTheMiddle = 0;
      try {
        await makePeople(server);
        await updates.prepare(server);
        await server.stop();
        await server.start(settingsOf(kills[0]));
        for (const [round, kill] of kills.entries()) {
          const hint = `round ${round}, killed at ${nameOf(kill)} ${kill.count}, seed ${seed}`;
          await killUnderLoad(server, kill, async () => {
            const asked = startTasks(server, round).catch(() => undefined);
            await Promise.all([asked, updates.run(server)]);
          });
          await server.start(settingsOf(kills[round + 1]));
          if (await checkTasks(world, round, hint)) inTheMiddle++;
          const { problems, records } = await checkBooks(server, location);
          const single = new Map([...records.audits].filter(([id]) => !id.startsWith('task-')));
          const requests = requestProblems({ audits: single }, updates.acknowledged);
          expect([...problems, ...requests], hint).toEqual([]);
        }
        report.note(
          `kill -9 while tasks run on ${engine.name}: ${ROUNDS} rounds (${countKills(kills)}), ${ROUNDS * PEOPLE.length} changes of users beside ${updates.acknowledged.size} acts, 0 lost, 0 doubled; ${inTheMiddle} times in the middle of a task`,
          seed,
        );
      } finally {
        await world.discard();
      }
    });
  });
}
