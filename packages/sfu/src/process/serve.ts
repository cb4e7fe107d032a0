import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** Parts of the media server that answer requests; each says whether it did. */
export interface Answering {
  readonly requests: readonly ((request: IncomingMessage, response: ServerResponse) => boolean)[];
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

/** Bounds of the HTTP server: milliseconds, bytes of a request's head (a client's first offer travels in it), sockets. */
const LIMITS = {
  requestTimeout: 10_000,
  headersTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 64 * 1024,
};
const MAX_CONNECTIONS = 5_000;

/** Listens for signalling and API. Rejects where the port is not free, naming it. `url` is with `http:`. */
export async function serve(
  { requests, upgrade }: Answering,
  { host, port }: { host: string; port: number },
): Promise<{ url: string; close(): void }> {
  const server = createServer(LIMITS, (request, response) => {
    if (requests.some((answer) => answer(request, response))) return;
    // As LiveKit says that it is there.
    const isRoot = request.url === '/';
    response.writeHead(isRoot ? 200 : 404, { 'content-type': 'text/plain' }).end(isRoot ? 'OK' : 'not found');
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('upgrade', (request, socket, head) => {
    if (upgrade(request, socket, head)) return;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  await listening(server, host, port);
  const { port: taken } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`, close };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what = error.code === 'EADDRINUSE' ? 'it is taken; choose another' : error.message;
      reject(new Error(`port: cannot listen at ${host}:${port}: ${what}`));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      // Of single connections; nobody else would hear of it.
      server.on('error', () => undefined);
      resolve();
    });
  });
}
