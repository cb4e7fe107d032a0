import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A private PostgreSQL server that lives as long as a test run. */
export interface Cluster {
  /** Superuser on a loopback port, with a password made for this run. */
  readonly url: string;
  /** e.g. `PostgreSQL 15.18, started for this run`. */
  readonly description: string;
  /** Ends the server that was started here, by its process id, and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/** The folder with `initdb` and `postgres`: from the PATH, else Debian's newest; undefined when there is none. */
export function findPostgres(
  path = process.env.PATH ?? '',
  debian = '/usr/lib/postgresql',
): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...path.split(delimiter), ...versions.map((version) => join(debian, version, 'bin'))];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/**
 * Makes a cluster in a new folder under the system's temporary folder and starts it on a free loopback port.
 * PostgreSQL refuses to run as root, so for root it runs as `postgres` or, without such a user, `nobody`.
 * Throws with the server's own words when it does not start.
 */
export async function startCluster(binaries: string, settings = TEST_SETTINGS): Promise<Cluster> {
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'callgate-test-postgres-'));
  let server: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (server) await end(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const password = randomBytes(16).toString('hex');
    await initialise(binaries, folder, account, password);
    let port = 0;
    for (let attempt = 1; !server; attempt++) {
      port = await freePort();
      server = await start(binaries, folder, account, { ...settings, port: String(port) }).catch(
        (error: Error) => {
          // Somebody may take the port between our look and the server's bind.
          if (attempt < 3 && error.message.includes('Address already in use')) return undefined;
          throw error;
        },
      );
    }
    const { stdout } = await run(join(binaries, 'postgres'), ['--version']);
    const description = `PostgreSQL ${stdout.match(/\d[\d.]*/)?.[0] ?? 'of unknown version'}, started for this run`;
    return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, description, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Account = { uid: number; gid: number } | undefined;

async function serverAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ['postgres', 'nobody']) {
    const ids = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])]).catch(() => undefined);
    if (ids) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody"');
}

async function initialise(
  binaries: string,
  folder: string,
  account: Account,
  password: string,
): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await chmod(folder, 0o700);
  if (account) for (const path of [folder, passwordFile]) await chown(path, account.uid, account.gid);
  const settings = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C'];
  const initdb = realpathSync(join(binaries, 'initdb'));
  await run(initdb, ['-D', join(folder, 'data'), '-U', 'postgres', '--no-sync', ...settings], {
    cwd: folder,
    ...account,
  });
}

/** As PostgreSQL ships, on loopback alone. */
export const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
};

/**
 * `fsync` off: what dies in our tests is Callgate, never this server, and the kernel keeps what it was told to
 * write. A transaction is still acknowledged only after its commit.
 */
const TEST_SETTINGS: Readonly<Record<string, string>> = {
  ...DEFAULT_SETTINGS,
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  log_min_error_statement: 'panic',
};

async function start(
  binaries: string,
  folder: string,
  account: Account,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [realpathSync(join(binaries, 'postgres')), '-D', join(folder, 'data'), ...flags];
  // Where Linux offers it, the server ends with us even after kill -9.
  if (existsSync('/usr/bin/setpriv')) command.unshift('/usr/bin/setpriv', '--pdeathsig', 'INT');
  const [file = '', ...args] = command;
  // A session of its own: Ctrl-C must reach the tests first and the server after them.
  const server = spawn(file, args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...account,
  });
  await ready(server);
  return server;
}

/** Resolves when the server says that it accepts connections; rejects with its last words when it ends before. */
function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => {
      server.kill('SIGQUIT');
      reject(new Error(`PostgreSQL was not ready after 60 s:\n${said}`));
    }, 60_000);
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
      if (said.includes('ready to accept connections')) done(resolve);
    });
    server.once('error', (error) => done(() => reject(error)));
    server.once('exit', () => done(() => reject(new Error(`PostgreSQL did not start:\n${said}`))));
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
    };
  });
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  const impatient = setTimeout(() => server.kill('SIGQUIT'), 10_000);
  await exited;
  clearTimeout(impatient);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
