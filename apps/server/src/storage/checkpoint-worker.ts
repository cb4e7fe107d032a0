import { workerData } from 'node:worker_threads';
import type { CheckpointMode, CheckpointOutcome } from './checkpointer.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { serveChannel } from './worker-loop.ts';

/** How long a checkpoint waits for readers of the old log, in milliseconds. Writers wait meanwhile. */
const BUSY_TIMEOUT_MS = 20;

const { file } = workerData as { file: string };
const connection = new SqliteConnection({ file, cacheKib: 256, busyTimeoutMs: BUSY_TIMEOUT_MS });
// NORMAL syncs the log before and the database after copying pages, which is what makes a checkpoint safe.
connection.pragma('synchronous = normal');
connection.pragma('wal_autocheckpoint = 0');

function checkpoint(mode: CheckpointMode): CheckpointOutcome {
  const [outcome] = connection.pragma(`wal_checkpoint(${mode})`) as [CheckpointOutcome];
  if (mode !== 'PASSIVE' && outcome.busy === 0) openNewLog();
  return outcome;
}

/**
 * The first commit of a new log syncs its header within the commit. Made here, under the writer's turn, it spares
 * the main thread that wait. Nothing else reads `user_version`.
 */
function openNewLog(): void {
  const [{ user_version: version }] = connection.pragma('user_version') as [{ user_version: number }];
  connection.pragma(`user_version = ${(version + 1) % 1_000_000}`);
}

serveChannel<CheckpointMode, CheckpointOutcome>(checkpoint, () => connection.close());
