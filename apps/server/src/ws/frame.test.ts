import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Frame } from './frame.ts';

test('a frame is the text message that a client of ws reads, whatever its length', async () => {
  const texts = ['', 'é', 'x'.repeat(125), 'x'.repeat(126), '🤷'.repeat(16_383), 'x'.repeat(65_535)];
  texts.push('x'.repeat(65_536), '漢'.repeat(100_000));
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (_socket, { socket }) => {
    for (const text of texts) socket.write(new Frame(text).bytes);
  });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const read: string[] = [];
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('message', (data: Buffer, isBinary) => {
      read.push(isBinary ? 'binary' : data.toString());
      if (read.length === texts.length) resolve();
    });
  });
  expect(read).toEqual(texts);
  client.terminate();
  server.close();
});
