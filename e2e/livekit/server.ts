import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { RoomServiceClient } from 'livekit-server-sdk';
import { findLiveKit } from '../../scripts/test-run/livekit.ts';
import { freePort } from '../harness/server.ts';
import { startEmbedded } from './embedded.ts';

const { CALLGATE_TEST_LIVEKIT: named, CALLGATE_TEST_WITHOUT: without = '' } = process.env;

/** `CALLGATE_TEST_MEDIA=embedded`: the suites run against the embedded media server, which takes LiveKit's place. */
export const IS_EMBEDDED = process.env.CALLGATE_TEST_MEDIA === 'embedded';

/** LiveKit's program, the one that is installed where vitest runs by itself; undefined: left out of this run. */
export const LIVEKIT = IS_EMBEDDED
  ? 'embedded'
  : named || (without.split(',').includes('livekit') ? undefined : findLiveKit());

/** How long it may take to answer, in milliseconds. */
const READY_MS = 20_000;

/** A LiveKit server of one suite: signalling, API and media on 127.0.0.1. */
export interface LiveKitServer {
  /** `ws://127.0.0.1:<port>`. */
  readonly url: string;
  /** The same with `http:`. */
  readonly httpUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly pid: number;
  readonly rooms: RoomServiceClient;
  /** For `startServer`: LiveKit as the media server of a Callgate process. */
  readonly env: Record<'LIVEKIT_URL' | 'LIVEKIT_API_KEY' | 'LIVEKIT_API_SECRET', string>;
  /** SIGSTOP, and waits until it has: it answers nothing, and forwards nothing, until `resume`. */
  pause(): void;
  resume(): void;
  /** SIGKILL, paused or not; resolves once it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same ports, after `kill`: another node with another boot id. */
  start(): Promise<void>;
  /** `kill`, then `start`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface LiveKitOptions {
  /** Where it reports what happens in its rooms. */
  webhookUrl?: string;
  /** LiveKit's program (default: the test run's). */
  program?: string;
  /** False: rooms exist once the API made them. (Default: true, as LiveKit's own.) */
  autoCreate?: boolean;
  /** More keys with their secrets, beside the server's own. */
  moreKeys?: Readonly<Record<string, string>>;
  /** The embedded media server in its place. (Default: as `CALLGATE_TEST_MEDIA` says) */
  isEmbedded?: boolean;
  /** For development: without keys of ours, it has one of its own. */
  isDevelopment?: boolean;
}

const KEY = 'livekit-key';
const SECRET = 'livekit-secret-that-is-long-enough-for-it';
/** LiveKit's own, for development. */
const [DEVELOPMENT_KEY, DEVELOPMENT_SECRET] = ['devkey', 'secret'];

/** Starts one; whoever starts it stops it. It ends with this process, where there is setpriv even after SIGKILL. */
export async function startLiveKit(options: LiveKitOptions = {}): Promise<LiveKitServer> {
  const port = await freePort();
  if ((options.isEmbedded ?? IS_EMBEDDED) && options.program === undefined)
    return embeddedServer(port, options);
  const program = options.program ?? LIVEKIT;
  if (program === undefined) throw new Error('no LiveKit: bash scripts/install/livekit.sh');
  const [apiKey, apiSecret] = options.isDevelopment ? [DEVELOPMENT_KEY, DEVELOPMENT_SECRET] : [KEY, SECRET];
  const config = JSON.stringify(await configuration(port, options));
  const url = `ws://127.0.0.1:${port}`;
  const httpUrl = `http://127.0.0.1:${port}`;
  let child = await launch(program, config, port);
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await gone;
  };
  const start = async (): Promise<void> => {
    child = await launch(program, config, port);
  };
  return {
    url,
    httpUrl,
    apiKey,
    apiSecret,
    rooms: new RoomServiceClient(httpUrl, apiKey, apiSecret),
    env: { LIVEKIT_URL: url, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret },
    get pid() {
      return child.pid ?? 0;
    },
    pause: () => pause(child.pid ?? 0),
    resume: () => void child.kill('SIGCONT'),
    kill,
    stop: kill,
    start,
    async restart() {
      await kill();
      await start();
    },
  };
}

/** The same by the embedded media server. */
async function embeddedServer(port: number, options: LiveKitOptions): Promise<LiveKitServer> {
  const { webhookUrl, autoCreate = true, moreKeys } = options;
  const keys = { [KEY]: SECRET, ...moreKeys };
  const embedded = await startEmbedded({ port, keys, webhookUrl, autoCreate });
  const [url, httpUrl] = [`ws://127.0.0.1:${port}`, `http://127.0.0.1:${port}`];
  const { kill, start } = embedded;
  return {
    ...{ url, httpUrl, apiKey: KEY, apiSecret: SECRET, kill, start, stop: kill },
    rooms: new RoomServiceClient(httpUrl, KEY, SECRET),
    env: { LIVEKIT_URL: url, LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET },
    get pid() {
      return embedded.pid;
    },
    pause: () => pause(embedded.pid),
    resume: () => void process.kill(embedded.pid, 'SIGCONT'),
    async restart() {
      await kill();
      await start();
    },
  };
}

/** Everything on 127.0.0.1, also what clients are told to ask for their addresses. */
async function configuration(
  port: number,
  { webhookUrl, autoCreate, moreKeys, isDevelopment }: LiveKitOptions,
) {
  return {
    port,
    bind_addresses: ['127.0.0.1'],
    rtc: {
      node_ip: '127.0.0.1',
      udp_port: await freePort(),
      // ICE over TCP would listen on every interface.
      tcp_port: 0,
      use_external_ip: false,
      enable_loopback_candidate: true,
      interfaces: { includes: ['lo'] },
      // Without any, LiveKit hands out public ones. Nobody listens at this one: nobody needs its answer. Firefox refuses
      // to connect at all where the port is one that it blocks, as 9 is.
      stun_servers: ['127.0.0.1:3478'],
    },
    room: { auto_create: autoCreate ?? true },
    ...(isDevelopment ? { development: true } : { keys: { ...moreKeys, [KEY]: SECRET } }),
    ...(webhookUrl && { webhook: { api_key: KEY, urls: [webhookUrl] } }),
    logging: { level: 'error' },
  };
}

async function launch(program: string, config: string, port: number): Promise<ChildProcess> {
  const command = [program, '--config-body', config];
  if (existsSync('/usr/bin/setpriv')) command.unshift('/usr/bin/setpriv', '--pdeathsig', 'KILL');
  const [file = '', ...args] = command;
  // LiveKit reads its configuration from the environment too: it gets none.
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      output = (output + String(text)).slice(-4_000);
    });
  }
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('close', () => process.off('exit', endWithUs));
  const deadline = performance.now() + READY_MS;
  while (!(await answers(port))) {
    if (child.exitCode === null && performance.now() < deadline) continue;
    child.kill('SIGKILL');
    throw new Error(`LiveKit did not start:\n${output}`);
  }
  return child;
}

/** How long its threads may take to stop, in milliseconds: one of five requests right after the signal was answered. */
const STOP_MS = 1_000;

function pause(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return;
  const hasStopped = (task: string): boolean =>
    /\) [tT] /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8'));
  const deadline = performance.now() + STOP_MS;
  while (!readdirSync(tasks).every(hasStopped)) {
    if (performance.now() > deadline) throw new Error('LiveKit does not pause');
  }
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    (reply) => reply.ok,
    () => new Promise((resolve) => setTimeout(resolve, 50, false)),
  );
