import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildPlayPage } from '../../apps/play/fresh.mjs';
import { type Client, createClient } from './client.ts';

/** A Callgate process on loopback with data of its own. */
export interface RunningServer extends Client {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Everything that it printed, both streams. */
  output(): string;
  /** SIGTERM; resolves with the exit code once it ended. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>;
  /** Resolves once the process ended by itself. */
  ended(): Promise<void>;
  /** Starts it again on the same data and port (after `stop`, `kill` or its own end). */
  start(env?: Record<string, string>): Promise<void>;
  /** Ends it if it runs and deletes its data folder. */
  discard(): Promise<void>;
}

export interface ServerOptions {
  /** Added to the environment; `DATABASE_URL` puts it on PostgreSQL. */
  env?: Record<string, string>;
  /** The file to run (default: what `npm start` runs). */
  entry?: string;
  /** Arguments for Node before the entry. */
  nodeArgs?: string[];
  dataDir?: string;
  /** (Default: a free one.) */
  port?: number;
  /** How long it may take to answer `/readyz` (default 20,000 ms). */
  readyWithinMs?: number;
}

export const REPO = resolve(import.meta.dirname, '../..');
/** What `npm start` gives Node before the file to run. */
const START_ARGS = startArgs();

function startArgs(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(REPO, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  return scripts.start.split(' ').slice(1, -1);
}

const API_KEY = 'e2e-key';
const API_SECRET = 'e2e-secret-that-is-long-enough-for-hs256';

/** Limits out of the way: what a test measures is not the limiter, unless it says so. */
const OPEN_LIMITS = Object.fromEntries(
  ['USER', 'MODERATION', 'APP', 'SERVER', 'ADDRESS', 'DIALS'].map((name) => [
    `CALLGATE_RATE_LIMIT_${name}`,
    '1000000',
  ]),
);

/** No media server below each server of a test, unless the test says so: most have no use for one. */
const mediaOf = ({ LIVEKIT_URL }: Record<string, string>): Record<string, string> =>
  LIVEKIT_URL === undefined ? { CALLGATE_MEDIA: 'none' } : {};

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => found(port));
    });
  });
}

/** Starts a server and waits until `/readyz` answers 200; throws with its output when it does not. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'callgate-e2e-')));
  const port = options.port ?? (await freePort());
  const baseUrl = `http://127.0.0.1:${port}`;
  const client = createClient({ baseUrl, apiKey: API_KEY, apiSecret: API_SECRET });
  let child: ChildProcess | undefined;
  let printed = '';
  let ended: Promise<number | null> = Promise.resolve(null);

  const keep = (chunk: Buffer) => {
    printed += chunk.toString();
  };

  const start = async (env: Record<string, string> = {}): Promise<void> => {
    printed = '';
    // The first start of a state of the sources would build the page, which is none of what tests wait for.
    await buildPlayPage();
    child = spawn(
      process.execPath,
      [...START_ARGS, ...(options.nodeArgs ?? []), options.entry ?? join(REPO, 'apps/server/src/start.mjs')],
      {
        cwd: dataDir,
        env: {
          PATH: process.env.PATH ?? '',
          HOME: dataDir,
          PORT: String(port),
          CALLGATE_DATA_DIR: dataDir,
          CALLGATE_API_KEY: API_KEY,
          CALLGATE_API_SECRET: API_SECRET,
          CALLGATE_LOG_LEVEL: 'warn',
          ...OPEN_LIMITS,
          ...mediaOf({ ...options.env, ...env }),
          ...options.env,
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const own = child;
    for (const stream of [own.stdout, own.stderr]) stream?.on('data', keep);
    ended = new Promise((done) => own.once('exit', (code) => done(code)));
    await waitUntilReady(baseUrl, own, options.readyWithinMs ?? 20_000, () => printed);
  };

  const stopWith = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child && child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };

  await start().catch(async (error: unknown) => {
    await stopWith('SIGKILL');
    await client.close();
    if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  return {
    ...client,
    baseUrl,
    apiKey: API_KEY,
    apiSecret: API_SECRET,
    dataDir,
    get pid() {
      return child?.pid ?? 0;
    },
    output: () => printed,
    stop: () => stopWith('SIGTERM'),
    kill: async () => void (await stopWith('SIGKILL')),
    ended: async () => void (await ended),
    start,
    async discard() {
      await stopWith('SIGKILL');
      await client.close();
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function waitUntilReady(
  baseUrl: string,
  child: ChildProcess,
  withinMs: number,
  printed: () => string,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended early:\n${printed()}`);
    const ready = await fetch(`${baseUrl}/readyz`).then(
      (reply) => reply.status,
      () => 0,
    );
    if (ready === 200) return;
    if (performance.now() > deadline)
      throw new Error(`not ready within ${withinMs} ms (last ${ready}):\n${printed()}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** The first API key and secret that a server made for itself, read from its data folder. */
export const readSecret = (dataDir: string, file: string): Promise<string> =>
  readFile(join(dataDir, file), 'utf8').then((text) => text.trim());
