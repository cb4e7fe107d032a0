import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { answersStun } from '../../apps/cli/src/doctor/stun.ts';
import { freePort } from '../harness/index.ts';
import { DEPLOY, launch } from './programs.ts';

/** coturn with the configuration of deploy/one, on 127.0.0.1. */
export interface Coturn {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  output(): string;
  stop(): Promise<void>;
}

const PASSWORD = '5e0c7d92b1f846a3';
/** What the compose file sets, here on loopback. */
const SETTINGS: Record<string, string> = {
  CALLGATE_DOMAIN: 'calls.example.com',
  CALLGATE_RTC_IP: '127.0.0.1',
  TURN_PASSWORD: PASSWORD,
};

/** The command of the compose file: `${NAME}`, `${NAME:-other}` and `${NAME:?why}` filled in. */
function shippedArguments(): string[] {
  const compose = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8')) as {
    services: { coturn: { command: string[] } };
  };
  return compose.services.coturn.command.map((text) =>
    text
      .replace('/etc/coturn/', `${DEPLOY}/`)
      .replace(/\$\{(\w+):-\$\{(\w+)\}\}/, (_all, name, other) => SETTINGS[name] ?? SETTINGS[other] ?? '')
      .replace(/\$\{(\w+)(:\?[^}]*)?\}/, (_all, name) => SETTINGS[name] ?? ''),
  );
}

/**
 * Starts it with the arguments that compose gives; whoever starts it stops it. Different are the port, that it listens on
 * loopback alone, and that it relays to there, which it never does otherwise.
 */
export async function startCoturn(): Promise<Coturn> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-coturn-'));
  const port = await freePort();
  const program = launch(
    [
      'turnserver',
      ...shippedArguments(),
      ...[
        '--listening-ip=127.0.0.1',
        '--relay-ip=127.0.0.1',
        `--listening-port=${port}`,
        '--allow-loopback-peers',
      ],
      ...[`--pidfile=${join(folder, 'pid')}`, `--userdb=${join(folder, 'turndb')}`],
    ],
    { cwd: folder },
  );
  const stop = async () => {
    await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const answering = async () => {
    await program.said(/Total General servers/);
    if (!(await answersStun('127.0.0.1', port, AbortSignal.timeout(5_000))))
      throw new Error(program.output());
  };
  await answering().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { port, user: 'callgate', password: PASSWORD, output: program.output, stop };
}
