import { isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Pool } from 'undici';
import { addressRefusal, type HookRules, hookHost } from '../app-settings/index.ts';
import type { Resolve } from './resolver.ts';
import { ATTEMPT_MS, type Outcome } from './schedule.ts';

/** Connections to one hook at most. */
export const CONNECTIONS = 4;
/** Bytes of an answer's head at most, and of its body that are read; behind them the connection is cut. */
const HEAD_BYTES = 16 * 1024;
const BODY_BYTES = 64 * 1024;
/** Characters of an answer that are kept. */
const KEPT = 1_000;
/** An idle connection is closed after this, in milliseconds, unless the receiver asks for less. */
const IDLE_MS = 4_000;

/** One request to a hook. */
export interface Message {
  body: string;
  headers: Record<string, string>;
  gzip: boolean;
  /** When it is given up, in milliseconds. */
  timeoutMs: number;
}

/** Sends to one address, and never to another one than that which was checked. */
export interface HookClient {
  readonly url: string;
  /** Never throws: whatever the receiver does is an outcome. */
  post(message: Message): Promise<Outcome>;
  /** Lets what runs end and takes nothing more. */
  retire(): Promise<void>;
  /** Cuts what runs. */
  close(): Promise<void>;
}

/** DNS answered an address that the operator does not allow. */
class AddressRefusedError extends Error {
  override name = 'AddressRefusedError';
}

/**
 * A client of one hook, with connections of its own. A name is looked up at each connection, every address of the
 * answer is checked, and the connection is made to these addresses alone: an answer that changes afterwards leads
 * nowhere. Redirects are not followed: they would lead past the check.
 */
export function createHookClient(options: { url: string; rules: HookRules; resolve: Resolve }): HookClient {
  const { url: text, rules, resolve } = options;
  const url = new URL(text);
  const host = hookHost(url);
  let pool: Promise<Pool> | undefined;

  const post = async ({ body, headers, gzip: isPacked, timeoutMs }: Message): Promise<Outcome> => {
    const refusal = isIP(host) === 0 ? undefined : addressRefusal(host, rules);
    if (refusal !== undefined) return { kind: 'network', error: refusal };
    const signal = AbortSignal.timeout(timeoutMs);
    pool ??= openPool(url.origin, checkedLookup(resolve, rules));
    const answer = await (await pool).request({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, ...(isPacked && { 'content-encoding': 'gzip' }) },
      body: isPacked ? await pack(body) : body,
      signal,
    });
    // The status is the answer. What is wrong with its body is the receiver's own matter.
    return { kind: 'answered', status: answer.statusCode, body: await startOf(answer.body) };
  };
  return {
    url: text,
    post: (message) => post(message).catch((error: unknown) => failureOf(error, message.timeoutMs)),
    retire: async () => (await pool)?.close(),
    close: async () => (await pool)?.destroy(),
  };
}

/** The library is loaded for the first request: a server without hooks holds 9 MB less. */
async function openPool(origin: string, lookup: LookupFunction): Promise<Pool> {
  const { Pool } = await import('undici');
  return new Pool(origin, {
    connections: CONNECTIONS,
    pipelining: 1,
    maxHeaderSize: HEAD_BYTES,
    keepAliveTimeout: IDLE_MS,
    connectTimeout: ATTEMPT_MS,
    connect: { lookup },
  });
}

const pack = promisify(gzip);

/** The first characters of a body; reads 64 KB of it at most, so that the connection can be used again if it is short. */
async function startOf(body: AsyncIterable<Buffer>): Promise<string> {
  let start = Buffer.alloc(0);
  let read = 0;
  try {
    for await (const chunk of body) {
      if (start.length < KEPT) start = Buffer.concat([start, chunk.subarray(0, KEPT)]);
      read += chunk.length;
      if (read > BODY_BYTES) break;
    }
  } catch {
    // Cut off by the receiver or by the time: the status was there.
  }
  return start.toString('utf8').slice(0, KEPT);
}

function checkedLookup(resolve: Resolve, rules: HookRules): LookupFunction {
  const addressesOf = async (hostname: string): Promise<{ address: string; family: number }[]> => {
    const addresses = await resolve(hostname);
    for (const address of addresses) {
      const refusal = addressRefusal(address, rules);
      if (refusal !== undefined) throw new AddressRefusedError(`${hostname}: ${refusal}`);
    }
    return addresses.map((address) => ({ address, family: isIP(address) }));
  };
  return (hostname, options, callback) => {
    addressesOf(hostname).then(
      (found) => {
        const [first] = found;
        if (!first) callback(new Error(`${hostname} has no address`), '', 0);
        else if (options.all) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'ETIMEDOUT']);

function failureOf(error: unknown, timeoutMs: number): Outcome {
  const { name, message, code } = plain(error);
  if (name === 'TimeoutError' || TIMEOUTS.has(code))
    return { kind: 'timeout', error: `no answer within ${timeoutMs} ms` };
  return { kind: 'network', error: code === '' || message.includes(code) ? message : `${code}: ${message}` };
}

/** Node tells several failed addresses as one error without a message: the first of them says what is wrong. */
function plain(error: unknown): { name: string; message: string; code: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return plain(error.errors[0]);
  if (!(error instanceof Error)) return { name: '', message: String(error), code: '' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { name: error.name, message: error.message, code };
}
