import type { JobId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../storage/database.ts';
import { jobsByIds } from './jobs.store.ts';
import { tellUnanswered } from './outcomes.ts';

/**
 * Jobs remembered at most, some 100 bytes each. Those beyond are done and told as the others, unless the database failed
 * to say that it had committed one.
 */
const MOST = 10_000;

/** Jobs whose reply was `pending` because the first attempt failed, until it is known that they are done and told. */
export interface Unanswered {
  add(id: JobId): void;
  /** Tells of those that are done after all: the attempt failed, and its commit was on disk. */
  tell(): Promise<void>;
}

export function createUnanswered(deps: {
  database: Database;
  clock: Clock;
  onEvents: () => void;
}): Unanswered {
  const { database, clock, onEvents } = deps;
  const known = new Set<JobId>();
  return {
    add(id) {
      if (known.size < MOST) known.add(id);
    },
    async tell() {
      if (known.size === 0) return;
      const ids = [...known];
      if (await database.write((tx) => tellUnanswered(tx, ids, clock.now()))) onEvents();
      const jobs = await database.read((snapshot) => jobsByIds(snapshot, ids));
      for (const { id, state } of jobs) if (state === 'done') known.delete(id);
    },
  };
}
