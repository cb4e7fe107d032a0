import { mkdtempSync, rmSync } from 'node:fs';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UserId } from '@callgate/contract';
import { type App, createApp, prepareDatabase } from '../../app.ts';
import { loadConfig } from '../../config.ts';
import { loadAuditKeys } from '../../features/audit/index.ts';
import { signServerToken, signUserToken, type UserTokenClaims } from '../../features/users/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createLogger } from '../../kernel/logger.ts';
import type { AppHooks } from '../../services.ts';
import type { Database } from '../../storage/database.ts';
import type { TestEngine } from '../../storage/test-databases.ts';
import { demandDocumented, operationAt } from './documented.ts';

/** The time at which every world begins: the middle of a minute. */
export const WORLD_START = Date.parse('2026-01-01T00:00:30.000Z');
export const API_KEY = 'test-key';
export const API_SECRET = 'a secret that only tests have';

/** What came back over the wire. */
export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body as JSON; undefined when it is none. */
  json: Record<string, unknown> & { exception_fields?: Record<string, string>; details?: unknown[] };
}

/** How a request differs from a server token's with JSON. */
export interface Sending {
  /** Left out: a server token. Null: none. */
  token?: string | null;
  /** Null: none. */
  apiKey?: string | null;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
  query?: Record<string, string>;
}

/** The real server on a port of its own over a fresh database, with a clock that the test turns. */
export interface HttpWorld {
  app: App;
  port: number;
  clock: Clock & { set(ms: number): void; advance(ms: number): void };
  log: Record<string, unknown>[];
  /** Throws when the reply is not what the contract says of the operation. */
  call(method: string, path: string, sending?: Sending): Promise<Reply>;
  serverToken(): string;
  /** Issued now, without an end, unless told otherwise. */
  userToken(id: string, claims?: Partial<UserTokenClaims>): string;
  close(): Promise<void>;
}

export interface HttpWorldOptions {
  /** Settings beside the test's own. */
  env?: Record<string, string>;
  hooks?: AppHooks;
  /** Stands between the server and the fresh database. */
  wrap?: (database: Database) => Database;
}

/** Starts a server; whoever starts it closes it. */
export async function createHttpWorld(
  engine: TestEngine,
  options: HttpWorldOptions = {},
): Promise<HttpWorld> {
  const { database, discard } = await engine.create();
  const folder = mkdtempSync(join(tmpdir(), 'callgate-http-'));
  const clock = turnableClock();
  const log: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void log.push(JSON.parse(line)) };
  const app = createApp({
    config: loadConfig({ PORT: '0', CALLGATE_DATA_DIR: folder, ...options.env }, folder),
    clock,
    logger: createLogger({ level: 'info', destination }),
    database: options.wrap?.(database) ?? database,
    auditKeys: loadAuditKeys(folder),
    credentials: { apiKey: API_KEY, apiSecret: API_SECRET },
    ...(options.hooks && { hooks: options.hooks }),
  });
  await prepareDatabase({ database, clock });
  const port = await app.start();
  const serverToken = () => signServerToken(API_SECRET, clock.now());
  return {
    app,
    port,
    clock,
    log,
    serverToken,
    async call(method, path, sending = {}) {
      const reply = await exchange(port, method, path, { token: serverToken(), ...sending });
      const operation = operationAt(method, path);
      const isJson = String(reply.headers['content-type']).startsWith('application/json');
      if (operation && isJson) demandDocumented(operation, reply.status, reply.json);
      return reply;
    },
    userToken: (id, claims = {}) =>
      signUserToken(API_SECRET, { userId: id as UserId, issuedAt: clock.now(), ...claims }),
    async close() {
      await app.stop();
      await discard();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function turnableClock(): HttpWorld['clock'] {
  let time = WORLD_START;
  return {
    now: () => time,
    set: (ms) => {
      time = ms;
    },
    advance: (ms) => {
      time += ms;
    },
  };
}

function exchange(port: number, method: string, path: string, sending: Sending): Promise<Reply> {
  const { token, apiKey = API_KEY, query = {} } = sending;
  const parameters = new URLSearchParams({ ...(apiKey !== null && { api_key: apiKey }), ...query });
  const raw = sending.raw ?? (sending.body === undefined ? undefined : JSON.stringify(sending.body));
  const headers = {
    ...(token && { Authorization: token }),
    ...(raw !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(raw)),
    }),
    ...sending.headers,
  };
  const target = `${path}${parameters.size > 0 ? `?${parameters}` : ''}`;
  return new Promise((resolve, reject) => {
    const outgoing = send(
      { host: '127.0.0.1', port, method, path: target, headers, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parsed(text) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(raw);
  });
}

function parsed(text: string): Reply['json'] {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
