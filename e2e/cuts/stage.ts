import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { openReader, type Reader } from '@callgate/server/storage/reader.ts';
import type { TestEngine } from '@callgate/server/storage/test-databases.ts';
import { type RunningServer, startServer } from '../harness/index.ts';
import { type Instant, instantOf } from './outbox.ts';

/** A server process that dies and leaps in time, with what the clients of a run share. */
export interface Stage {
  readonly server: RunningServer;
  /** The database beside the server. */
  readonly reader: Reader;
  readonly problems: string[];
  readonly counts: Record<string, number>;
  /** What is committed now. */
  instant(): Promise<Instant>;
  problem(text: string): void;
  count(what: string): void;
  /** Runs `then` at once when the next act has been answered. */
  onReply(then: () => void): void;
  replied(): void;
  /** Resolves while the server runs. */
  whenUp(): Promise<void>;
  /** Kills the server at a commit to come, or now, and starts it again. */
  restart(how: 'at a commit' | 'now'): Promise<void>;
  /** Puts the server's clock on, in milliseconds; resolves when it was seen to be. */
  leap(ms: number, timeNow: () => Promise<number>): Promise<void>;
  /** Resolves when the server knows that a connection has ended. */
  noticedEnd(connectionId: string): Promise<void>;
  discard(): Promise<void>;
}

const ENTRY = join(import.meta.dirname, '../crash/entry.ts');
const ARMED = 'SIGHUP';
const LEAP = 'SIGALRM';
/** How long a kill waits for its commit, and everybody for what must come, in milliseconds. */
const MOST_MS = 10_000;

export async function openStage(engine: TestEngine, arrival: () => number): Promise<Stage> {
  const empty = await engine.createEmpty();
  const isSqlite = engine.name === 'sqlite';
  let aheadMs = 0;
  const settings = () => ({
    CRASH_POINT: 'after-commit',
    CRASH_ARRIVAL: String(arrival()),
    CRASH_CLOCK_AHEAD_MS: String(aheadMs),
  });
  const server = await startServer({
    entry: ENTRY,
    readyWithinMs: 60_000,
    env: { ...settings(), ...(!isSqlite && { DATABASE_URL: empty.location }) },
  });
  const reader = await openReader(
    isSqlite ? { file: join(server.dataDir, SQLITE_FILE) } : { url: empty.location },
  );
  const problems: string[] = [];
  const counts: Record<string, number> = {};
  let waiting: (() => void)[] = [];
  let up = Promise.resolve();
  const replied = (): void => {
    const due = waiting;
    waiting = [];
    for (const then of due) then();
  };
  const restartNow = async (how: 'at a commit' | 'now'): Promise<void> => {
    if (how === 'at a commit') {
      process.kill(server.pid, ARMED);
      await Promise.race([server.ended(), pause(MOST_MS, undefined, { ref: false })]);
    }
    await server.kill();
    // Who waits for an answer waits for none of a dead server.
    replied();
    await server.start(settings());
  };
  return {
    ...{ server, reader, problems, counts, replied },
    instant: () => instantOf(reader),
    problem: (text) => void problems.push(text),
    count(what) {
      counts[what] = (counts[what] ?? 0) + 1;
    },
    onReply: (then) => void waiting.push(then),
    whenUp: () => up,
    restart: (how) => {
      up = restartNow(how);
      return up;
    },
    async leap(ms, timeNow) {
      aheadMs += ms;
      const due = (await timeNow()) + ms;
      writeFileSync(join(server.dataDir, 'clock-ahead'), String(aheadMs));
      process.kill(server.pid, LEAP);
      await until(async () => (await timeNow()) >= due);
    },
    noticedEnd: (id) =>
      until(async () => {
        const text = `select closed_at from connections where id = '${id}' and closed_at is not null`;
        return (await reader.handle.run(rawStatement(text))).length > 0;
      }),
    async discard() {
      await reader.close();
      await server.discard();
      await empty.remove();
    },
  };
}

/** Asks again and again until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + MOST_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it did not come about: ${isSo}`);
    await pause(5);
  }
}
