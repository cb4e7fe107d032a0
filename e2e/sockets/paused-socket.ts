import { once } from 'node:events';
import { connect } from 'node:net';

/** An event socket whose client reads `connection.ok` and then nothing more, while the connection stays open. */
export async function openPausedSocket(
  url: string,
  first: object,
): Promise<{ connectionId: string; discard(): void }> {
  const { hostname, port, pathname, search, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const head = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  let read = '';
  const untilRead = async (what: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = what.exec(read);
      if (found) return found;
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      read += chunk.toString('latin1');
    }
  };
  await untilRead(/\r\n\r\n/);
  socket.write(masked(JSON.stringify(first)));
  const [, connectionId = ''] = await untilRead(/"connection_id":"([0-9a-f-]{36})"/);
  socket.pause();
  return { connectionId, discard: () => socket.destroy() };
}

/** A text frame of a client; the mask of zeros leaves the text as it is. */
function masked(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.from([0x81, 0x80 | 126, bytes.length >> 8, bytes.length & 255, 0, 0, 0, 0]);
  return Buffer.concat([head, bytes]);
}
