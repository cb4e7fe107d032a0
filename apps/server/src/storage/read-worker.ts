import { workerData } from 'node:worker_threads';
import { rawStatement } from './prepared.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { serveChannel } from './worker-loop.ts';
import type { WorkerRead } from './worker-reads.ts';

const { file } = workerData as { file: string };
const connection = new SqliteConnection({ file, readonly: true, cacheKib: 4_096, busyTimeoutMs: 1_000 });

serveChannel<WorkerRead, unknown[]>(
  ({ sql, parameters }) => connection.run(rawStatement(sql, [...parameters])),
  () => connection.close(),
);
