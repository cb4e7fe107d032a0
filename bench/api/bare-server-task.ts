import { createServer as createHttpServer, type OutgoingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Server } from 'node:net';
import { answerQuestions } from '../measure/task.ts';

/** The bytes to answer: one reply of Callgate. */
export interface BareOrder {
  /** `http`: a bare node:http server. `net`: no HTTP at all, to see what the load generator can do. */
  kind: 'http' | 'net';
  headers: OutgoingHttpHeaders;
  body: string;
}

function bareHttp({ headers, body }: BareOrder): Server {
  const bytes = Buffer.from(body);
  // Connections rest while others are measured.
  return createHttpServer({ keepAliveTimeout: 600_000 }, (_request, response) => {
    response.writeHead(200, { ...headers, 'content-length': bytes.length });
    response.end(bytes);
  });
}

/** Answers each chunk that ends a request; requests here have no body and come in one piece. */
function bareNet({ headers, body }: BareOrder): Server {
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) }).map(
    ([name, value]) => `${name}: ${String(value)}\r\n`,
  );
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n${body}`);
  return createNetServer({ noDelay: true }, (socket) => {
    socket.on('data', () => socket.write(answer));
    socket.on('error', () => socket.destroy());
  });
}

answerQuestions(
  (order: BareOrder) =>
    new Promise<number>((resolve) => {
      const server = order.kind === 'http' ? bareHttp(order) : bareNet(order);
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
);
