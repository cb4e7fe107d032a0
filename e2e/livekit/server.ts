import { type ChildProcess, spawn } from 'node:child_process';
import { RoomServiceClient } from 'livekit-server-sdk';
import { freePort } from '../harness/server.ts';

/** LiveKit's program; undefined: left out of this run. */
export const LIVEKIT = process.env.CALLGATE_TEST_LIVEKIT;

/** How long it may take to answer, in milliseconds. */
const READY_MS = 20_000;

/** A LiveKit server of one suite: signalling, API and media on 127.0.0.1. */
export interface LiveKitServer {
  /** `ws://127.0.0.1:<port>`. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly pid: number;
  readonly rooms: RoomServiceClient;
  /** For `startServer`: LiveKit as the media server of a Callgate process. */
  readonly env: Record<'LIVEKIT_URL' | 'LIVEKIT_API_KEY' | 'LIVEKIT_API_SECRET', string>;
  /** SIGSTOP: it answers nothing, and forwards nothing, until `resume`. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same ports, after `kill`: another node with another boot id. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface LiveKitOptions {
  /** Where it reports what happens in its rooms. */
  webhookUrl?: string;
  /** LiveKit's program (default: the test run's). */
  program?: string;
  /** False: rooms exist once the API made them. (Default: true, as LiveKit's own.) */
  autoCreate?: boolean;
}

const KEY = 'livekit-key';
const SECRET = 'livekit-secret-that-is-long-enough-for-it';

/** Starts one; whoever starts it stops it. It ends with this process whatever happens. */
export async function startLiveKit(options: LiveKitOptions = {}): Promise<LiveKitServer> {
  const program = options.program ?? LIVEKIT;
  if (program === undefined) throw new Error('no LiveKit: bash scripts/install/livekit.sh');
  const [port, tcp, udp] = [await freePort(), await freePort(), await freePort()];
  const config = JSON.stringify({
    port,
    bind_addresses: ['127.0.0.1'],
    rtc: {
      node_ip: '127.0.0.1',
      tcp_port: tcp,
      udp_port: udp,
      use_external_ip: false,
      enable_loopback_candidate: true,
      interfaces: { includes: ['lo'] },
    },
    room: { auto_create: options.autoCreate ?? true },
    keys: { [KEY]: SECRET },
    ...(options.webhookUrl && { webhook: { api_key: KEY, urls: [options.webhookUrl] } }),
    logging: { level: 'error' },
  });
  const url = `ws://127.0.0.1:${port}`;
  let child = await launch(program, config, port);
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await gone;
  };
  return {
    url,
    apiKey: KEY,
    apiSecret: SECRET,
    rooms: new RoomServiceClient(`http://127.0.0.1:${port}`, KEY, SECRET),
    env: { LIVEKIT_URL: url, LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET },
    get pid() {
      return child.pid ?? 0;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    stop: kill,
    async start() {
      child = await launch(program, config, port);
    },
  };
}

async function launch(program: string, config: string, port: number): Promise<ChildProcess> {
  const child = spawn(program, ['--config-body', config], { stdio: ['ignore', 'pipe', 'pipe'] });
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

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    (reply) => reply.ok,
    () => new Promise((resolve) => setTimeout(resolve, 50, false)),
  );
