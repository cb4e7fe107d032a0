import type { JobId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import { createRounds } from '../../kernel/rounds.ts';
import type { Database } from '../../storage/database.ts';
import type { JobsTable } from '../../storage/tables.ts';
import { abandonedJobs, JOB_LEASE_MS, prolongJobs, takeAbandoned } from './jobs.store.ts';

/** How often jobs of processes that are gone are looked for, in milliseconds. */
const LOOK_MS = 2_000;

/**
 * Takes up the jobs of processes that died, or that lost the database, between an act's commit and the media server's
 * answer. Whoever works on a job holds it for 5 s and prolongs that; two who work on one do no harm, since what must
 * hold is told and never a difference.
 */
export interface AbandonedJobs {
  start(): void;
  /** One round now: prolongs what this process works on, and does what others have left. */
  run(): Promise<void>;
  stop(): void;
}

export function createAbandonedJobs(deps: {
  database: Database;
  clock: Clock;
  /** This process. */
  node: string;
  /** The jobs that this process works on. */
  own(): readonly JobId[];
  work(job: JobsTable): Promise<unknown>;
  onFailure: (error: unknown) => void;
}): AbandonedJobs {
  const { database, clock, node, own, work, onFailure } = deps;
  let timer: NodeJS.Timeout | undefined;

  // Apart from each other: what was taken may take the media server long, and all that is worked on is held meanwhile.
  const holding = createRounds(async () => {
    const held = own();
    if (held.length === 0) return;
    const holder = { node, until: clock.now() + JOB_LEASE_MS };
    await database.write((tx) => prolongJobs(tx, held, holder));
  }, onFailure);
  const taking = createRounds(async () => {
    const left = await database.read((snapshot) => abandonedJobs(snapshot, clock.now()));
    if (left.length === 0) return;
    const ids = left.map(({ id }) => id);
    const now = clock.now();
    const taken = await database.write((tx) =>
      takeAbandoned(tx, ids, { node, until: now + JOB_LEASE_MS, now }),
    );
    await Promise.all(taken.map(work));
  }, onFailure);

  return {
    start() {
      timer ??= setInterval(() => {
        holding.wake();
        taking.wake();
      }, LOOK_MS).unref();
    },
    async run() {
      await holding.run();
      await taking.run();
    },
    stop: () => clearInterval(timer),
  };
}
