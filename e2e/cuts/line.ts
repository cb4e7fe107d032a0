import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What lies between a client and the server: it can be cut or held still at any instant. */
export interface Line {
  /** Where the client connects instead of to the server. */
  readonly port: number;
  /** What the server sends from now on does not arrive, as with a client that reads nothing. */
  hold(): void;
  /** Destroys what is connected, without any closing words: by a reset, or as if it had ended. */
  cut(how: 'reset' | 'end'): void;
  close(): Promise<void>;
}

/** A line to a port of this machine. */
export async function openLine(port: number): Promise<Line> {
  const open = new Set<{ near: Socket; far: Socket }>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const pair = { near, far };
    open.add(pair);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('close', () => {
      far.destroy();
      open.delete(pair);
    });
    far.on('close', () => near.destroySoon());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut: Line['cut'] = (how) => {
    for (const { near, far } of open) {
      for (const socket of [near, far]) {
        if (how === 'reset') socket.resetAndDestroy();
        else socket.destroy();
      }
    }
    open.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    hold() {
      for (const { near, far } of open) {
        far.unpipe(near);
        far.pause();
      }
    },
    cut,
    async close() {
      cut('end');
      server.close();
      await once(server, 'close');
    },
  };
}
