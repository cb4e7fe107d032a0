import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { dial } from './dial.ts';

/** A media server that does as told with each socket. */
async function withServer(
  greet: Parameters<WebSocketServer['on']>[1],
  use: (url: string) => Promise<void>,
): Promise<void> {
  const http = createServer((_request, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', greet as () => void);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  try {
    await use(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
  } finally {
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => http.close(resolve));
  }
}

/** A binary frame as a server sends it. */
const frame = (text: string): Buffer => Buffer.concat([Buffer.from([0x82, text.length]), Buffer.from(text)]);

test('[GAT1] frames that come in one piece with the first are relayed, in order', async () => {
  const inOnePiece = (_socket: unknown, request: { socket: { write(bytes: Buffer): void } }): void =>
    request.socket.write(Buffer.concat(['join', 'answer', 'trickle'].map(frame)));
  await withServer(inOnePiece as never, async (url) => {
    const dialled = await dial(url, 'token');
    expect(dialled.first.toString()).toBe('join');
    // What waits is told although nobody has taken over for a while.
    await new Promise((resolve) => setImmediate(resolve));
    const heard: string[] = [];
    await new Promise<void>((resolve) =>
      dialled.takeOver(
        (bytes) => {
          heard.push(bytes.toString());
          if (heard.length === 2) resolve();
        },
        () => undefined,
      ),
    );
    expect(heard).toEqual(['answer', 'trickle']);
    dialled.socket.terminate();
  });
});

test('[GAT1] a media server that hangs up before its first message cannot be reached', async () => {
  const hangUp = (socket: { terminate(): void }): void => socket.terminate();
  await withServer(hangUp as never, async (url) => {
    await expect(dial(url, 'token')).rejects.toMatchObject({ kind: 'overloaded', status: 503 });
  });
});
