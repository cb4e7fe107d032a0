import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../storage/database.ts';
import { builderOf } from '../../storage/prepared.ts';
import type { TimersTable } from '../../storage/tables.ts';
import type { TestEngine } from '../../storage/test-databases.ts';
import type { TimerHandler } from './fire-due.ts';
import { clearTimer, setTimer, type Timer, takeTimer } from './timers.store.ts';
import { createTimers, type Timers } from './timers.ts';

/* Test support: the runner over a fresh database, with two kinds of timers that note that they were fired. */

export const START = Date.UTC(2026, 0, 1);

export interface TimersWorld {
  clock: { time: number; now(): number };
  timers: Timers;
  /** A further process on the same database; whoever makes it closes it. */
  another(clock?: Clock): Timers;
  /** `kind key` of what was fired, in order, and when by the machine's clock. */
  fired: string[];
  firedAt: number[];
  seen: Timer[];
  /** Runs before a timer of the kind takes its row. */
  before: Record<string, (() => Promise<void>) | undefined>;
  /** `kind key` of those whose work throws after it has written. */
  broken: Set<string>;
  /** What the operator's log was told. */
  logged: unknown[];
  /** Looks into the table so far. */
  readonly reads: number;
  /** Makes reads of the store fail while it is on. */
  failing: { isOn: boolean; times: number };
  set(kind: string, key: string, dueAt: number, data?: unknown): Promise<void>;
  setMany(kind: string, count: number, dueAt: number): Promise<void>;
  clear(kind: string, key: string): Promise<boolean>;
  rows(): Promise<TimersTable[]>;
  /** What the work of timers has written: `kind key`. */
  effects(): Promise<string[]>;
  close(): Promise<void>;
}

export async function createTimersWorld(engine: TestEngine): Promise<TimersWorld> {
  const { database, discard } = await engine.create();
  const db = builderOf(engine.name);
  const clock = { time: START, now: () => clock.time };
  const noted = {
    fired: [] as string[],
    firedAt: [] as number[],
    seen: [] as Timer[],
    logged: [] as unknown[],
  };
  const before: TimersWorld['before'] = {};
  const broken = new Set<string>();
  const failing = { isOn: false, times: 0 };
  let reads = 0;

  const handler = notingHandler(database, { ...noted, before, broken });
  const watched: Database = {
    ...bound(database),
    read(work) {
      reads++;
      if (!failing.isOn) return database.read(work);
      failing.times++;
      return Promise.reject(new Error('the store is away'));
    },
  };
  const another = (of: Clock = clock): Timers =>
    createTimers({
      database: watched,
      clock: of,
      logger: { error: (...told: unknown[]) => void noted.logged.push(told[0]) },
      handlers: { bell: handler, horn: handler },
    });
  const timers = another();
  const rows: TimersWorld['rows'] = () =>
    database.read((snapshot) => snapshot.run(db.selectFrom('timers').selectAll().compile()));
  const set: TimersWorld['set'] = (kind, key, dueAt, data) =>
    database.write((tx) => setTimer(tx, { kind, key, dueAt, data }));

  return {
    ...{ clock, timers, another, before, broken, failing, set, rows },
    ...noted,
    get reads() {
      return reads;
    },
    setMany: (kind, count, dueAt) =>
      database.write(async (tx) => {
        for (let at = 0; at < count; at++) await setTimer(tx, { kind, key: `${at}`, dueAt });
      }),
    clear: (kind, key) => database.write((tx) => clearTimer(tx, kind, key)),
    async effects() {
      const query = db.selectFrom('leases').select('name').where('holder', '=', 'fired').orderBy('name');
      const found = await database.read((snapshot) => snapshot.run(query.compile()));
      return found.map(({ name }) => name);
    },
    async close() {
      failing.isOn = false;
      await timers.close();
      await discard();
    },
  };
}

/** Takes the timer, writes that it did, and notes it when that has committed. */
const notingHandler =
  (
    database: Database,
    {
      fired,
      firedAt,
      seen,
      before,
      broken,
    }: Pick<TimersWorld, 'fired' | 'firedAt' | 'seen' | 'before' | 'broken'>,
  ): TimerHandler =>
  async (timer) => {
    const name = `${timer.kind} ${timer.key}`;
    await before[timer.kind]?.();
    const isMine = await database.write(async (tx) => {
      if (!(await takeTimer(tx, timer))) return false;
      const effect = { name, holder: 'fired', fence: 1, expires_at: timer.dueAt };
      await tx.run(builderOf(tx.engine).insertInto('leases').values(effect).compile());
      if (broken.has(name)) throw new Error(`${name} is broken`);
      return true;
    });
    if (!isMine) return;
    fired.push(name);
    firedAt.push(Date.now());
    seen.push(timer);
  };

/** The methods of a database, whatever it is made of. */
const bound = (database: Database): Database => ({
  engine: database.engine,
  read: (work) => database.read(work),
  write: (work) => database.write(work),
  scan: (batchAfter) => database.scan(batchAfter),
  check: () => database.check(),
  stats: () => database.stats(),
  close: () => database.close(),
});
