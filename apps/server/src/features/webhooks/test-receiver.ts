import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request as a receiver got it. */
export interface Received {
  headers: IncomingMessage['headers'];
  /** The bytes as they came. */
  raw: Buffer;
  /** Unpacked. */
  body: string;
  event: { type: string; event_id: string; call_cid?: string; seq?: number } & Record<string, unknown>;
  id: string;
  attempt: number;
  path: string;
  /** Milliseconds since the receiver began, by the machine's clock. */
  at: number;
  /** The status that was answered; undefined when there was no answer, or not yet. */
  answered: number | undefined;
}

/** What a receiver does with a request. */
export type Answer = (received: Received, reply: ServerResponse) => void;

export const ok: Answer = (received, reply) => answerWith(200)(received, reply);

/** Answers at once with a status. */
export const answerWith =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (received, reply) => {
    received.answered = status;
    reply.writeHead(status, headers).end('noted');
  };

/** A real HTTP server on loopback that writes down what it gets. */
export interface Receiver {
  readonly url: string;
  readonly requests: Received[];
  answer: Answer;
  /** Nobody listens any more; open connections are cut. */
  goDown(): Promise<void>;
  /** Listens again on the same port. */
  comeBack(): Promise<void>;
  /** Resolves when the condition holds; asked after each request. */
  until(condition: (requests: readonly Received[]) => boolean): Promise<void>;
}

export async function startReceiver(answer: Answer = ok): Promise<Receiver> {
  const began = performance.now();
  const waiting = new Set<() => void>();
  const requests: Received[] = [];
  const server = createServer((message, reply) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('error', () => undefined);
    message.on('end', () => {
      const raw = Buffer.concat(chunks);
      const body = (message.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
      const received: Received = {
        headers: message.headers,
        raw,
        body,
        event: JSON.parse(body) as Received['event'],
        id: String(message.headers['x-webhook-id']),
        attempt: Number(message.headers['x-webhook-attempt']),
        path: message.url ?? '',
        at: performance.now() - began,
        answered: undefined,
      };
      requests.push(received);
      receiver.answer(received, reply);
      for (const look of [...waiting]) look();
    });
  });
  const listen = (port: number): Promise<void> =>
    new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    answer,
    goDown: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
    comeBack: () => listen(port),
    until: (condition) =>
      new Promise((done) => {
        const look = (): void => {
          if (!condition(requests)) return;
          waiting.delete(look);
          done();
        };
        waiting.add(look);
        look();
      }),
  };
  return receiver;
}
