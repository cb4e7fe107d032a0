import { connect, createServer, type Socket } from 'node:net';

/** Stands between a server and what it talks to, on 127.0.0.1. */
export interface Gate {
  /** The same address, through the gate. */
  through(location: string): string;
  /** Ends what is connected, and whatever comes until it is open again. */
  shut(): void;
  /** Connections stay, but requests that begin like this are swallowed until it is open again. */
  swallow(beginning: string): void;
  /** As `swallow`, of requests that go on once it is open again. */
  hold(beginning: string): void;
  /** How the requests begin that are held. */
  held(): string[];
  open(): void;
  close(): Promise<unknown>;
}

export async function openGate(): Promise<Gate> {
  let target = { host: '127.0.0.1', port: 0 };
  let isShut = false;
  let swallowed: string | undefined;
  let holding: string | undefined;
  const held = new Map<Socket, Buffer[]>();
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        held.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    if (isShut) near.destroy();
    near.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      if (swallowed !== undefined && text.startsWith(swallowed)) return;
      const before = held.get(far);
      if (before) before.push(bytes);
      else if (holding !== undefined && text.startsWith(holding)) held.set(far, [bytes]);
      else far.write(bytes);
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
    hold(beginning) {
      holding = beginning;
    },
    held: () => [...held.values()].map(([first]) => String(first).split('\r\n')[0] ?? ''),
    open() {
      isShut = false;
      swallowed = undefined;
      holding = undefined;
      for (const [socket, chunks] of held) for (const bytes of chunks) socket.write(bytes);
      held.clear();
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
