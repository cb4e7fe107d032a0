/**
 * The server of the crash tests: composed as main.ts composes it, with hooks that kill the process with SIGKILL at
 * the n-th arrival at a named point, with a file size that the operating system limits, or with a disk that
 * refuses every fdatasync from SIGUSR2 on. Its settings are its own; production code knows none of them.
 *
 *   CRASH_POINT     a point of `StorageHooks` or `AppHooks`, e.g. `before-commit`, `places-written`, `mid-task`
 *   CRASH_ARRIVAL   at which arrival, from 1, counted from SIGHUP on
 *   CRASH_CLOCK_AHEAD_MS  how far its clock is ahead of the machine's: what else would take minutes comes at once. At
 *                   SIGALRM it leaps to be as far ahead as the file `clock-ahead` in its folder says
 *   CRASH_FILE_KIB  no file grows beyond this: the system call answers EFBIG, as a full disk answers ENOSPC
 */
import { readFileSync } from 'node:fs';
import { createApp, openDatabase, prepareDatabase } from '@callgate/server/app.ts';
import { type Config, loadConfig, processEnvironment } from '@callgate/server/config.ts';
import { loadCredentials } from '@callgate/server/credentials.ts';
import { loadAuditKeys } from '@callgate/server/features/audit/index.ts';
import { systemClock } from '@callgate/server/kernel/clock.ts';
import { createLogger } from '@callgate/server/kernel/logger.ts';
import type { Database } from '@callgate/server/storage/database.ts';
import { openSqlite } from '@callgate/server/storage/sqlite.ts';
import { fdatasyncThatRefuses } from './refusing-disk.ts';

const { CRASH_CLOCK_AHEAD_MS = '0', CRASH_FILE_KIB, CRASH_POINT, CRASH_ARRIVAL = '1' } = process.env;
if (CRASH_FILE_KIB !== undefined) startLimited(Number(CRASH_FILE_KIB));

/** The same process anew, under a limit that only a shell can set. The unit of `ulimit -f` is 512 bytes. */
function startLimited(kib: number): never {
  const { CRASH_FILE_KIB: _set, ...env } = process.env;
  const command = `ulimit -f ${kib * 2}; exec "$0" "$1"`;
  process.execve?.('/bin/sh', ['sh', '-c', command, process.execPath, import.meta.filename], env);
  throw new Error('this Node cannot replace its process');
}

let isArmed = false;
let arrivals = 0;
process.on('SIGHUP', () => {
  isArmed = true;
});
const hooks = {
  at(point: string): void {
    if (!isArmed || point !== CRASH_POINT) return;
    arrivals += 1;
    if (arrivals === Number(CRASH_ARRIVAL)) process.kill(process.pid, 'SIGKILL');
  },
};

let aheadMs = Number(CRASH_CLOCK_AHEAD_MS);
process.on('SIGALRM', () => {
  aheadMs = Number(readFileSync('clock-ahead', 'utf8'));
});

const open = (config: Config): Promise<Database> =>
  config.databaseUrl === null
    ? openSqlite({ folder: config.dataDir, hooks, fdatasync: fdatasyncThatRefuses('SIGUSR2') })
    : openDatabase(config, hooks);

const config = loadConfig(processEnvironment(), process.cwd());
const logger = createLogger({ level: config.logLevel });
const database = await open(config);
const parts = {
  config,
  clock: { now: () => systemClock.now() + aheadMs },
  logger,
  database,
  auditKeys: loadAuditKeys(config.dataDir, {}),
  credentials: loadCredentials(config),
  hooks,
};
await prepareDatabase(parts);
const app = createApp(parts);
await app.start();
process.once('SIGTERM', () => {
  void app
    .stop()
    .then(() => database.close())
    .catch((error: unknown) => {
      logger.error({ err: error }, 'stopping failed');
      process.exitCode = 1;
    });
});
