import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Handle } from './database.ts';
import { createPool } from './postgres-pool.ts';
import { readingOn } from './reader.ts';
import { StorageUnavailableError } from './storage-errors.ts';

/** The variables that PostgreSQL's programs need from the process that starts them. */
export type ProgramEnvironment = Readonly<Record<string, string | undefined>>;

const DUMP_OPTIONS = ['--format=custom', '--no-owner', '--no-privileges'];
const RESTORE_OPTIONS = [
  '--single-transaction',
  '--clean',
  '--if-exists',
  '--no-owner',
  '--no-privileges',
  '--exit-on-error',
];
/** A restore that met running transactions in the wrong order is undone by the server and tried again. */
const RESTORE_ATTEMPTS = 5;
const RETRY_MS = 200;
/** How long a restore waits for running transactions, in milliseconds. */
const LOCK_TIMEOUT_MS = 30_000;
const KEPT_COMPLAINT = 4_000;

/**
 * Dumps a PostgreSQL database with `pg_dump`. `inspect` reads the very snapshot that is dumped. The password goes
 * to the program in its environment, not on its command line, where every user of the machine could read it.
 */
export async function dumpPostgres<T>(
  url: string,
  to: string,
  env: ProgramEnvironment,
  inspect: (handle: Handle) => Promise<T>,
): Promise<T> {
  const pool = createPool(url, 1);
  pool.on('error', () => undefined);
  const client = await pool.connect();
  try {
    await client.query('set idle_in_transaction_session_timeout = 0');
    await client.query('begin isolation level repeatable read read only');
    const { rows } = await client.query<{ id: string }>('select pg_export_snapshot() as id');
    const snapshot = `--snapshot=${rows[0]?.id ?? ''}`;
    await runProgram('pg_dump', [...DUMP_OPTIONS, snapshot, `--file=${to}`], environmentFor(url, env));
    return await inspect(readingOn(client));
  } finally {
    client.release(true);
    await pool.end();
  }
}

/** Puts a dump in the place of what is there, in one transaction; servers that are running go on afterwards. */
export async function restorePostgres(url: string, from: string, env: ProgramEnvironment): Promise<void> {
  const environment: Record<string, string | undefined> = {
    ...environmentFor(url, env),
    PGOPTIONS: `-c lock_timeout=${LOCK_TIMEOUT_MS} -c statement_timeout=0`,
  };
  const database = `--dbname=${environment.PGDATABASE ?? ''}`;
  for (let attempt = 1; ; attempt++) {
    try {
      return await runProgram('pg_restore', [...RESTORE_OPTIONS, database, from], environment);
    } catch (error) {
      if (attempt === RESTORE_ATTEMPTS || !/deadlock detected/.test(String(error))) throw error;
      await pause(RETRY_MS * attempt);
    }
  }
}

function environmentFor(url: string, env: ProgramEnvironment): Record<string, string | undefined> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const part = (text: string) => (text === '' ? undefined : decodeURIComponent(text));
  return {
    PATH: env.PATH,
    HOME: env.HOME,
    PGHOST: searchParams.get('host') ?? part(hostname.replace(/^\[|\]$/g, '')),
    PGPORT: part(port),
    PGUSER: part(username),
    PGPASSWORD: part(password) ?? env.PGPASSWORD,
    PGDATABASE: part(pathname.slice(1)),
    PGSSLMODE: searchParams.get('sslmode') ?? undefined,
    PGCONNECT_TIMEOUT: '10',
  };
}

function runProgram(
  name: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, KEPT_COMPLAINT);
    });
    child.once('error', (cause) => reject(unavailable(name, cause)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      const reason = complaint.trim().split('\n').join('; ') || `it ended with ${signal ?? code}`;
      reject(new StorageUnavailableError(`${name} failed: ${reason}`));
    });
  });
}

const unavailable = (name: string, cause: NodeJS.ErrnoException): StorageUnavailableError =>
  new StorageUnavailableError(
    cause.code === 'ENOENT'
      ? `${name} was not found: install PostgreSQL's client programs of the server's version, or put them on the PATH.`
      : `${name} could not be started (${cause.code}).`,
    { cause },
  );
