import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { type DoctorOptions, type DoctorParts, doctor } from './doctor.ts';
import { type Machine, thisMachine } from './machine.ts';
import type { Told } from './report.ts';

/* Test support: a machine of one's own to look at, and faults to plant in it. */

/** What the doctor said. */
export interface Examined {
  code: 0 | 1;
  findings: Told[];
  /** Those of one check. */
  of(check: string): Told[];
}

export interface Patient {
  /** Settings as the server would get them; a test adds its own. */
  env: Record<string, string>;
  readonly cwd: string;
  readonly dataDir: string;
  /** Milliseconds by which the machine's clock is off. */
  clockOffMs: number;
  machine: Machine;
  examine(options?: DoctorOptions, parts?: DoctorParts): Promise<Examined>;
  discard(): void;
}

/** Strong, and of nobody else. */
export const API_SECRET = '8f1d0c5b7e2a49639d80b4c6f1e3a7525c9be0d47a16f832';

/** A machine on which all is well, but for a server that does not run. */
export async function patient(): Promise<Patient> {
  const cwd = mkdtempSync(join(tmpdir(), 'callgate-doctor-'));
  const dataDir = join(cwd, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const [port, mediaPort] = [await freeTcpPort(), await freeTcpPort()];
  writeFileSync(join(dataDir, 'credentials.json'), credentials(), { mode: 0o600 });
  const made: Patient = {
    env: { PORT: String(port), CALLGATE_RTC_PORT: String(mediaPort), CALLGATE_DATA_DIR: dataDir },
    ...{ cwd, dataDir, clockOffMs: 0, machine: thisMachine },
    async examine(options = {}, parts = {}) {
      let out = '';
      const context: Context = {
        ...{ env: made.env, cwd },
        clock: { now: () => Date.now() + made.clockOffMs },
        out: (text) => {
          out += text;
        },
        note: () => undefined,
        ask: async () => undefined,
      };
      const code = await doctor(context, { ...options, json: true }, { machine: made.machine, ...parts });
      const { findings } = JSON.parse(out) as { findings: Told[] };
      return { code, findings, of: (check) => findings.filter((finding) => finding.check === check) };
    },
    discard() {
      chmodSync(dataDir, 0o700);
      rmSync(cwd, { recursive: true, force: true });
    },
  };
  return made;
}

export const credentials = (secret = API_SECRET): string =>
  `${JSON.stringify({ api_key: 'key-of-the-patient', api_secret: secret })}\n`;

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freeTcpPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listening(server);
  await closed(server);
  return port;
}

/** Something on 127.0.0.1, with what ends it. */
export interface Planted {
  port: number;
  url: string;
  close(): Promise<void>;
}

/** An HTTP server that is not Callgate. */
export async function stranger(listener: RequestListener, port = 0): Promise<Planted> {
  const server = createServer(listener);
  const taken = await listening(server, port);
  const close = async () => {
    server.closeAllConnections();
    await closed(server);
  };
  return { port: taken, url: `http://127.0.0.1:${taken}`, close };
}

/** Takes connections and never says anything. */
export async function mute(port = 0): Promise<Planted> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    open.add(socket);
  });
  const open = new Set<{ destroy(): void }>();
  const taken = await listening(server, port);
  const close = async () => {
    for (const socket of open) socket.destroy();
    await closed(server);
  };
  return { port: taken, url: `http://127.0.0.1:${taken}`, close };
}

export const listening = (server: Server, port = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

export const closed = (server: Server): Promise<void> => new Promise((done) => server.close(() => done()));
