import { Agent, request } from 'node:http';
import type { RunningServer } from '../harness/index.ts';
import type { FuzzCase } from './cases.ts';

/** What came back; `status` 0: the connection was closed without an answer, `hung`: nothing came at all. */
export interface FuzzReply {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  hung: boolean;
  tookMs: number;
  failure?: string;
}

/** Longest time that a reply may take, in milliseconds. */
export const REPLY_WITHIN_MS = 5_000;
/** After this nothing comes any more. */
const GIVE_UP_MS = 60_000;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
export const closeConnections = (): void => agent.destroy();

/** Sends a case as it is: Node's client refuses less than others. `tokens` gives the token of each name. */
export function sendCase(
  server: RunningServer,
  asked: FuzzCase,
  tokens: ReadonlyMap<string, string>,
): Promise<FuzzReply> {
  const search = new URLSearchParams({ api_key: server.apiKey });
  for (const [name, value] of asked.query) search.append(name, value);
  const token = tokens.get(asked.token) ?? '';
  const headers = {
    ...(token !== '' && { authorization: token }),
    ...(asked.body !== undefined && { 'content-length': String(Buffer.byteLength(asked.body)) }),
    ...asked.headers,
  };
  const started = performance.now();
  return new Promise((answered) => {
    const done = (reply: Omit<FuzzReply, 'tookMs'>) =>
      answered({ ...reply, tookMs: performance.now() - started });
    const failed = (failure: string, hung: boolean) =>
      done({ status: 0, headers: {}, text: '', hung, failure });
    const sent = request(
      `${server.baseUrl}`,
      { method: asked.method, path: `${asked.path}?${search}`, headers, agent },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => {
          clearTimeout(patience);
          const text = Buffer.concat(chunks).toString();
          done({ status: reply.statusCode ?? 0, headers: reply.headers, text, hung: false });
        });
      },
    );
    const patience = setTimeout(() => {
      failed(`no reply within ${GIVE_UP_MS} ms`, true);
      sent.destroy();
    }, GIVE_UP_MS);
    sent.on('error', (error) => {
      clearTimeout(patience);
      failed(String(error), false);
    });
    sent.end(asked.body);
  });
}
