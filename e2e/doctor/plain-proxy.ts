import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** What a proxy does as it should, or not. */
export interface ProxyHabits {
  /** Tells the address of its client. (Default: it does.) */
  tells?: boolean;
  /** Passes WebSockets on. (Default: it does.) */
  upgrades?: boolean;
  /** What it writes into `Host`. (Default: what its client wrote.) */
  host?: string;
  /** Paths that begin so are answered 404 by itself. */
  hides?: string;
}

/** A proxy without TLS on 127.0.0.1, as an operator may have it before Callgate. */
export interface PlainProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts one; whoever starts it closes it. `to` is a port of 127.0.0.1. */
export async function plainProxy(to: number, habits: ProxyHabits = {}): Promise<PlainProxy> {
  const { tells = true, upgrades = true, hides, host } = habits;
  // As every proxy, it leaves out what is between it and its client.
  const headersOf = ({ headers: { upgrade: _, connection: __, ...headers }, socket }: IncomingMessage) => ({
    ...headers,
    ...(tells && { 'x-forwarded-for': socket.remoteAddress }),
    ...(host !== undefined && { host }),
  });
  const server = createServer((incoming, reply) => {
    const { method, url: path = '' } = incoming;
    if (hides !== undefined && path.startsWith(hides)) {
      reply.writeHead(404).end('404 page not found');
      return;
    }
    const passed = request(
      { host: '127.0.0.1', port: to, method, path, headers: headersOf(incoming) },
      (answer) => {
        reply.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(reply);
      },
    );
    passed.once('error', () => reply.writeHead(502).end());
    incoming.pipe(passed);
  });
  if (upgrades) passUpgrades(server, to);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function passUpgrades(server: Server, to: number): void {
  server.on('upgrade', ({ method, url, rawHeaders }: IncomingMessage, client) => {
    const upstream = connect(to, '127.0.0.1', () => {
      const headers = rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : [],
      );
      upstream.write(`${method} ${url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
}
