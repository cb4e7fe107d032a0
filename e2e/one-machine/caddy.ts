import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../harness/index.ts';
import { DEPLOY, launch } from './programs.ts';

/** Caddy with the Caddyfile of deploy/one, on a port of 127.0.0.1, with certificates of its own authority. */
export interface Caddy {
  /** `https://localhost:<port>`. */
  readonly url: string;
  /** The file with its authority's certificate, and its text. */
  readonly authorityFile: string;
  authority(): string;
  output(): string;
  stop(): Promise<void>;
}

interface Adapted {
  apps: {
    http: { servers: Record<string, { listen: string[]; automatic_https?: object }> };
    pki?: object;
  };
  [key: string]: unknown;
}

const FILE = join(DEPLOY, 'Caddyfile');

/** The shipped file as Caddy reads it; throws with what Caddy says against it. */
export function adapt(env: Record<string, string>): Adapted {
  const adapted = execFileSync('caddy', ['adapt', '--config', FILE, '--adapter', 'caddyfile', '--validate'], {
    env: { PATH: process.env.PATH, HOME: tmpdir(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(adapted.toString()) as Adapted;
}

/**
 * Starts it before a server of 127.0.0.1; whoever starts it stops it. Different from an operator's are the port, and that
 * it asks nobody for certificates and installs its authority nowhere.
 */
export async function startCaddy(upstreamPort: number): Promise<Caddy> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-caddy-'));
  const port = await freePort();
  const config = adapt({ CALLGATE_DOMAIN: 'localhost', CALLGATE_UPSTREAM: `127.0.0.1:${upstreamPort}` });
  for (const server of Object.values(config.apps.http.servers)) {
    server.listen = [`127.0.0.1:${port}`];
    server.automatic_https = { disable_redirects: true };
  }
  config.apps.pki = { certificate_authorities: { local: { install_trust: false } } };
  Object.assign(config, {
    admin: { disabled: true },
    storage: { module: 'file_system', root: folder },
  });
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config));
  const program = launch(['caddy', 'run', '--config', file], { cwd: folder });
  const stop = async () => {
    await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  await program.said(/certificate obtained successfully/).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const authorityFile = join(folder, 'pki/authorities/local/root.crt');
  return {
    url: `https://localhost:${port}`,
    authorityFile,
    authority: () => readFileSync(authorityFile, 'utf8'),
    output: program.output,
    stop,
  };
}
