import { describe, expect, test } from 'vitest';
import { testCounts } from '../scripts/test-counts.ts';
import { noteFigure } from '../scripts/test-notes.ts';
import { type RunningServer, serverEngines } from './harness/index.ts';

const COUNT = testCounts().bulkUsers;
const PEOPLE = Array.from({ length: COUNT }, (_, at) => `fan-${at}`);
const CALL = '/api/v2/video/call/default/standup';
/** A `GET` begins so often, in milliseconds, whether the one before was answered or not. */
const EVERY_MS = 10;

async function prepare(server: RunningServer): Promise<void> {
  for (let from = 0; from < COUNT; from += 100) {
    const users = Object.fromEntries(
      PEOPLE.slice(from, from + 100).map((id) => [id, { id, name: `Fan ${id}` }]),
    );
    await server.api('POST', '/api/v2/users', { body: { users } });
  }
  await server.api('POST', '/api/v2/users', {
    body: { users: { host: { id: 'host' }, sara: { id: 'sara' } } },
  });
  const data = { created_by_id: 'host', members: [{ user_id: 'sara' }] };
  expect((await server.api('POST', CALL, { body: { data } })).status).toBe(201);
}

/** Asks for the call in even steps until told to stop; resolves with how long each answer took. */
function steadyReads(server: RunningServer): () => Promise<number[]> {
  const token = server.userToken('sara');
  const asked: Promise<number>[] = [];
  const ask = async (): Promise<number> => {
    const began = performance.now();
    expect((await server.api('GET', CALL, { token })).status).toBe(200);
    return performance.now() - began;
  };
  const timer = setInterval(() => void asked.push(ask()), EVERY_MS);
  return () => {
    clearInterval(timer);
    return Promise.all(asked);
  };
}

const quantile = (sorted: readonly number[], part: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);

for (const engine of serverEngines) {
  describe(engine.name, () => {
    test(`[TSK11] ${COUNT} users are deactivated while a call is read`, {
      timeout: 60_000 + COUNT * 3,
    }, async () => {
      const server = await engine.start();
      try {
        await prepare(server);
        const stopReading = steadyReads(server);
        const began = performance.now();
        const { status, body } = await server.api<{ task_id: string }>('POST', '/api/v2/users/deactivate', {
          body: { user_ids: PEOPLE },
        });
        expect(status).toBe(201);
        const answered = performance.now() - began;
        const seen = new Set<number>();
        for (let isDone = false; !isDone; ) {
          const task = await server.api<{ status: string; progress: { done: number } }>(
            'GET',
            `/api/v2/tasks/${body.task_id}`,
          );
          seen.add(task.body.progress.done);
          isDone = task.body.status === 'completed';
          if (!isDone) await new Promise((next) => setTimeout(next, 50));
        }
        const tookMs = performance.now() - began;
        const times = (await stopReading()).sort((a, b) => a - b);
        expect(seen.size).toBeGreaterThan(2);
        const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
        noteFigure(
          `bulk work on ${engine.name}: ${COUNT} users deactivated in ${(tookMs / 1000).toFixed(1)} s (answered after ${Math.round(answered)} ms), ${times.length} GET of a call meanwhile: p50 ${p50} ms, p99 ${p99} ms, longest ${quantile(times, 1)} ms`,
        );
        // Far from what a quiet machine does, so that a busy one does not fail.
        expect(p99).toBeLessThan(1_000);
      } finally {
        await server.discard();
      }
    });
  });
}
