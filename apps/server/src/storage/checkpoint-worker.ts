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

serveChannel<CheckpointMode, CheckpointOutcome>(
  (mode) => (connection.pragma(`wal_checkpoint(${mode})`) as [CheckpointOutcome])[0],
  () => connection.close(),
);
