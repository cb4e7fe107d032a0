import { request } from 'node:http';

/** The status with which an offer to upgrade to a WebSocket is answered; 101: it was taken, and hung up on at once. */
export const statusOfUpgrade = (
  url: string,
  headers: Record<string, string> = {},
): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = request(url, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    });
    asked.on('upgrade', (reply, socket) => {
      socket.destroy();
      resolve(reply.statusCode);
    });
    asked.on('response', (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });
