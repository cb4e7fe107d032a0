import { connect, createServer, type Socket } from 'node:net';

/** Stands between a server and what it talks to, on 127.0.0.1. */
export interface Gate {
  /** The same address, through the gate. */
  through(location: string): string;
  /** Ends what is connected, and whatever comes until it is open again. */
  shut(): void;
  /** Connections stay, but requests that begin like this are swallowed until it is open again. */
  swallow(beginning: string): void;
  open(): void;
  close(): Promise<unknown>;
}

export async function openGate(): Promise<Gate> {
  let target = { host: '127.0.0.1', port: 0 };
  let isShut = false;
  let swallowed: string | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    if (isShut) near.destroy();
    near.on('data', (bytes) => {
      if (swallowed !== undefined && bytes.toString('latin1').startsWith(swallowed)) return;
      far.write(bytes);
    });
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    through(location) {
      const url = new URL(location);
      target = { host: url.hostname, port: Number(url.port) };
      url.host = `127.0.0.1:${port}`;
      return url.toString();
    },
    shut() {
      isShut = true;
      for (const socket of sockets) socket.destroy();
    },
    swallow(beginning) {
      swallowed = beginning;
    },
    open() {
      isShut = false;
      swallowed = undefined;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
