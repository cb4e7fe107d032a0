import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { OPERATION_LIST } from '@callgate/contract';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import { openReader, type Reader } from '@callgate/server/storage/reader.ts';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { noteFigure } from '../../scripts/test-notes.ts';
import { type RunningServer, startServer } from '../harness/index.ts';
import { writeReport } from '../report-page.ts';
import { casesFrom, type FuzzCase } from './cases.ts';
import { CORPUS } from './corpus.ts';
import { changedTables, digestOf } from './digest.ts';
import { complaintOf, describeCase } from './judge.ts';
import { closeConnections, type FuzzReply, REPLY_WITHIN_MS, sendCase } from './send.ts';
import { wrongTokens } from './tokens.ts';
import { restoreWorld, tokensFor } from './world.ts';

const REQUESTS = testCounts().fuzzRequests;
/** Requests under way at once. */
const AT_ONCE = 8;
/** What the server may hold more after all requests than after the first fifth, after collecting garbage. */
const GROWTH_BYTES = 96 * 1024 * 1024;
/** The thread of long bodies ends after 10 idle seconds; twice that is slack. */
const AT_REST_WITHIN_MS = 20_000;

interface Sent {
  asked: FuzzCase;
  reply: FuzzReply;
}

interface Outcome {
  sent: number;
  complaints: string[];
  /** Refused requests that changed something. */
  changes: string[];
  refused: number;
  growth: number;
  statuses: Map<number, number>;
}

async function sendAll(server: RunningServer, cases: readonly FuzzCase[]): Promise<Sent[]> {
  const tokens = tokensFor(server);
  const left = [...cases];
  const sent: Sent[] = [];
  const work = async (): Promise<void> => {
    for (let asked = left.shift(); asked; asked = left.shift()) {
      sent.push({ asked, reply: await sendCase(server, asked, tokens) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return sent;
}

/** A reply that took longer than the bound, once, is a complaint. */
const slowness = ({ tookMs }: Sent['reply']): string | undefined =>
  tookMs > REPLY_WITHIN_MS ? `took ${Math.round(tookMs)} ms, longer than ${REPLY_WITHIN_MS} ms` : undefined;

const isRefused = ({ reply }: Sent): boolean => reply.status >= 400;

/** Sends refused requests once more and alone: the state before and after must be the same. Names those that changed it. */
async function changesBy(
  server: RunningServer,
  reader: Reader,
  refused: readonly FuzzCase[],
): Promise<string[]> {
  const before = await digestOf(reader);
  const again = await sendAll(server, refused);
  const changed = changedTables(before, await digestOf(reader));
  if (changed.length === 0) return [];
  // What is accepted now may have changed it: without those, once more.
  const still = again.filter(isRefused).map(({ asked }) => asked);
  if (still.length < refused.length) return still.length > 0 ? changesBy(server, reader, still) : [];
  const [only] = again;
  if (again.length === 1 && only) return [`${changed}: ${describeCase(only.asked, only.reply)}`];
  const half = Math.ceil(refused.length / 2);
  const first = await changesBy(server, reader, refused.slice(0, half));
  const second = await changesBy(server, reader, refused.slice(half));
  const found = [...first, ...second];
  return found.length > 0 ? found : [`${changed}: together, by ${refused.map((each) => each.operation.id)}`];
}

/** Resident memory after collecting garbage, in bytes. */
async function heldBytes(server: RunningServer): Promise<number> {
  process.kill(server.pid, 'SIGUSR2');
  await server.api('GET', '/healthz');
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** Asks for a long read, so that the thread of its own that it needs is counted from the start. */
const startReadThread = (server: RunningServer) =>
  server.api('GET', '/api/v2/moderation/logs?payload=%7B%22limit%22%3A1%7D');

/** Growth since `warm` once the server is at rest: the thread that read long bodies is given the time that it takes to end. */
async function growthAtRest(server: RunningServer, warm: number): Promise<number> {
  const deadline = Date.now() + AT_REST_WITHIN_MS;
  for (;;) {
    const growth = (await heldBytes(server)) - warm;
    if (growth < GROWTH_BYTES || Date.now() > deadline) return growth;
    await setTimeout(500);
  }
}

async function fuzz(server: RunningServer, reader: Reader, seed: number): Promise<Outcome> {
  const made = casesFrom(seed, REQUESTS, Object.keys(wrongTokens(server.apiSecret, 'maya')));
  const cases = [...CORPUS, ...made];
  const outcome: Outcome = {
    ...{ sent: 0, complaints: [], changes: [], refused: 0, growth: 0 },
    statuses: new Map(),
  };
  let warm = 0;
  for (let from = 0; from < cases.length; from += OPERATION_LIST.length) {
    await restoreWorld(server);
    const before = await digestOf(reader);
    const batch = await sendAll(server, cases.slice(from, from + OPERATION_LIST.length));
    for (const { asked, reply } of batch) {
      const complaint = complaintOf(asked, reply) ?? slowness(reply);
      if (complaint) outcome.complaints.push(`${complaint}: ${describeCase(asked, reply)}`);
      outcome.statuses.set(reply.status, (outcome.statuses.get(reply.status) ?? 0) + 1);
    }
    const refused = batch.filter(isRefused);
    outcome.sent += batch.length;
    outcome.refused += refused.length;
    const isChanged = changedTables(before, await digestOf(reader)).length > 0;
    // What was accepted may have changed it: those that were refused go again without the others.
    if (isChanged) {
      const suspects = refused.map(({ asked }) => asked);
      outcome.changes.push(...(await changesBy(server, reader, suspects)));
    }
    if (warm === 0 && outcome.sent >= REQUESTS / 5) {
      await startReadThread(server);
      warm = await heldBytes(server);
    }
  }
  outcome.growth = await growthAtRest(server, warm);
  return outcome;
}

const figures: string[] = [];
afterAll(() => {
  closeConnections();
  writeReport(
    'fuzz-report.md',
    'Bad input',
    'Written by `CALLGATE_TEST_COUNTS=full npm test e2e/fuzz`. Each request is wrong in one way: a value of the documented body exchanged, added or left out, a broken text, garbage, a query, a path, a header, a token, a method. The rules: [bad input](../spec/bad-input.md).',
    figures,
  );
});

for (const engine of testEngines) {
  describe(engine.name, () => {
    const seed = testSeed();
    let server: RunningServer | undefined;
    let empty: Awaited<ReturnType<typeof engine.createEmpty>>;
    let outcome: Outcome;

    beforeAll(
      async () => {
        empty = await engine.createEmpty();
        const isSqlite = engine.name === 'sqlite';
        server = await startServer({
          env: { CALLGATE_LOG_LEVEL: 'error', ...(isSqlite ? {} : { DATABASE_URL: empty.location }) },
          nodeArgs: ['--expose-gc', '--import', join(import.meta.dirname, 'collect.ts')],
          readyWithinMs: 60_000,
        });
        const reader = await openReader(
          isSqlite ? { file: join(server.dataDir, SQLITE_FILE) } : { url: empty.location },
        );
        try {
          outcome = await fuzz(server, reader, seed);
        } finally {
          await reader.close();
        }
        const statuses = [...outcome.statuses]
          .sort(([a], [b]) => a - b)
          .map(([status, n]) => `${status}: ${n}`);
        const figure = `fuzz on ${engine.name}: ${outcome.sent} requests to ${OPERATION_LIST.length} operations, ${outcome.refused} refused (${statuses.join(', ')}), ${outcome.complaints.length} complaints, ${outcome.changes.length} changes by refused requests, ${Math.round(outcome.growth / 1024 / 1024)} MB more held than after the first fifth`;
        figures.push(`${figure} (seed ${seed})`);
        noteFigure(figure);
      },
      120_000 + REQUESTS * 100,
    );
    afterAll(async () => {
      await server?.discard();
      await empty.remove();
    });

    test(`[BAD1] ${REQUESTS} wrong requests over all operations: never a 5xx, never longer than ${REPLY_WITHIN_MS} ms, every error as documented`, () => {
      expect(outcome.complaints.slice(0, 20), `seed ${seed}`).toEqual([]);
      expect(outcome.sent).toBeGreaterThanOrEqual(REQUESTS);
    });

    test('[BAD2] a refused request changes nothing', () => {
      expect(outcome.changes.slice(0, 10), `seed ${seed}`).toEqual([]);
    });

    test(`[BAD3] memory stays bounded under wrong requests`, () => {
      expect(outcome.growth, `seed ${seed}`).toBeLessThan(GROWTH_BYTES);
    });
  });
}
