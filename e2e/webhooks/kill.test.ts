import { join } from 'node:path';
import { type Receiver, startReceiver } from '@callgate/server/features/webhooks/test-receiver.ts';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { type Location, openReader } from '@callgate/server/storage/reader.ts';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { noteFigure } from '../../scripts/test-notes.ts';
import { between, randomFrom } from '../crash/random.ts';
import { demand } from '../crash/state.ts';
import { type RunningServer, startServer } from '../harness/index.ts';

const ROUNDS = testCounts().webhookKillRounds;
const ENTRY = join(import.meta.dirname, '../crash/entry.ts');
const CALLS = Array.from({ length: 8 }, (_, at) => `/api/v2/video/call/default/hooked-${at}`);
/** How often a round reaches a point at most before it kills: planning is shared by many events. */
const POINTS = [
  ['webhook-claimed', 40],
  ['webhook-before-delivery', 150],
  ['webhook-after-delivery', 150],
  ['random instant', 1_500],
] as const;
/** What a killed process leaves behind unrecorded: as many attempts as a hook has connections, and what is unwritten. */
const DOUBLES_PER_KILL = 80;

interface StoredEvent {
  id: string;
  cid: string;
  call_seq: number;
}

async function storedEvents(location: Location): Promise<StoredEvent[]> {
  const reader = await openReader(location);
  try {
    return await reader.handle.run(
      rawStatement<StoredEvent>(`select id, cid, call_seq from outbox where type = 'call.updated'`),
    );
  } finally {
    await reader.close();
  }
}

/** Changes all calls again and again until the server is gone; the first answers of a round may be missing. */
async function runUntilKilled(server: RunningServer): Promise<void> {
  let version = 0;
  const runClient = async (path: string): Promise<void> => {
    for (;;) {
      const body = { custom: { version: ++version, at: performance.now() } };
      const reply = await server.api('PATCH', path, { body }).catch(() => undefined);
      if (!reply) return;
      if (reply.status !== 200) throw new Error(`a change was answered ${reply.status}`);
    }
  };
  await Promise.all(CALLS.map(runClient));
  await server.ended();
}

/** Everything is there, each event under one id, and each call's events in their order. */
function demandComplete(receiver: Receiver, events: readonly StoredEvent[], hint: string): void {
  const ids = new Map<string, Set<string>>();
  const firsts = new Map<string, number[]>();
  for (const { id, event } of receiver.requests) {
    const isFirst = !ids.has(event.event_id);
    ids.set(event.event_id, (ids.get(event.event_id) ?? new Set()).add(id));
    const cid = event.call_cid ?? '';
    if (isFirst) firsts.set(cid, [...(firsts.get(cid) ?? []), event.seq ?? 0]);
  }
  expect(
    events.filter(({ id }) => !ids.has(id)),
    `lost, ${hint}`,
  ).toEqual([]);
  expect(
    [...ids].filter(([, deliveries]) => deliveries.size !== 1),
    `sent under two ids, ${hint}`,
  ).toEqual([]);
  for (const [cid, seen] of firsts)
    expect(seen, `order of ${cid}, ${hint}`).toEqual(seen.toSorted((a, b) => a - b));
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[WHK24] kill -9 in ${ROUNDS} rounds under load: every event arrives under one id, in the order of its call`, {
      timeout: 120_000 + ROUNDS * 60_000,
    }, async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const empty = await engine.createEmpty();
      const isSqlite = engine.name === 'sqlite';
      const receiver = await startReceiver();
      const server = await startServer({
        entry: ENTRY,
        readyWithinMs: 60_000,
        env: {
          CALLGATE_WEBHOOK_ALLOW_PRIVATE: 'true',
          ...(!isSqlite && { DATABASE_URL: empty.location }),
        },
      });
      const location: Location = isSqlite
        ? { file: join(server.dataDir, SQLITE_FILE) }
        : { url: empty.location };
      try {
        await demand(server, 'POST', '/api/v2/users', { users: { host: { id: 'host' } } });
        for (const path of CALLS) await demand(server, 'POST', path, { data: { created_by_id: 'host' } });
        const hook = { enabled: true, hook_type: 'webhook', webhook_url: receiver.url };
        await demand(server, 'PATCH', '/api/v2/app', {
          event_hooks: [{ ...hook, event_types: ['call.updated'] }],
        });
        for (let round = 0; round < ROUNDS; round++) {
          const [point, most] = POINTS[(round + seed) % POINTS.length] ?? POINTS[0];
          const count = between(random, 1, most);
          await server.stop();
          const isRandom = point === 'random instant';
          await server.start(isRandom ? {} : { CRASH_POINT: point, CRASH_ARRIVAL: String(count) });
          if (isRandom) setTimeout(() => void server.kill(), count);
          else process.kill(server.pid, 'SIGHUP');
          await runUntilKilled(server);
          await server.start();
        }
        const events = await storedEvents(location);
        const hint = `seed ${seed}`;
        await receiver.until(
          (requests) => new Set(requests.map(({ event }) => event.event_id)).size >= events.length,
        );
        demandComplete(receiver, events, hint);
        const doubles = receiver.requests.length - events.length;
        expect(doubles, hint).toBeLessThanOrEqual(ROUNDS * DOUBLES_PER_KILL);
        noteFigure(
          `webhooks killed on ${engine.name}: ${ROUNDS} rounds, ${events.length} events, 0 lost, ${doubles} sent twice`,
        );
      } finally {
        await server.discard();
        await receiver.goDown();
        await empty.remove();
      }
    });
  });
}
