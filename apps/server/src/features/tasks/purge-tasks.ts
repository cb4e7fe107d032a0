import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../storage/database.ts';
import { TASK_RETENTION_MS } from './task.ts';
import { expiredTask, purgeSome } from './task-purge.store.ts';
import { dropOldTasks } from './tasks.store.ts';

/** Drops tasks that are older than 7 days with all that they left, some rows in a transaction. */
export async function purgeTasks({
  database,
  clock,
  isClosing,
}: {
  database: Database;
  clock: Clock;
  isClosing: () => boolean;
}): Promise<void> {
  const before = clock.now() - TASK_RETENTION_MS;
  while (!isClosing()) {
    const id = await database.read((snapshot) => expiredTask(snapshot, before));
    if (id === undefined) return;
    await database.write(async (tx) => {
      await purgeSome(tx, id);
      await dropOldTasks(tx, clock.now());
    });
    await turnOfTheLoop();
  }
}
