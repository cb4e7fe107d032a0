import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

/* A process of hostile clients, apart from the one that measures. Its first line of input says who they are and what they send. */

/** What it is told. */
export interface Flood {
  readonly clients: readonly {
    readonly url: string;
    readonly token: string;
    readonly localAddress: string;
  }[];
  /** The frame that each sends again and again, in base64. */
  readonly frame: string;
}

/** Clients that knock at the same time. */
const AT_ONCE = 20;
/** A client sends on when fewer bytes than this wait in its socket. */
const MOST_WAITING = 1024 * 1024;
const EVERY_MS = 20;

const say = (told: object): void => void process.stdout.write(`${JSON.stringify(told)}\n`);

function come({ url, token, localAddress }: Flood['clients'][number]): Promise<WebSocket | undefined> {
  const query = new URLSearchParams({ access_token: token, protocol: '16', auto_subscribe: '0' });
  const socket = new WebSocket(`${url}/rtc?${query}`, { localAddress, perMessageDeflate: false });
  return new Promise((resolve) => {
    socket.on('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
    socket.once('message', () => resolve(socket));
  });
}

async function main(): Promise<void> {
  const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { clients, frame }: Flood = JSON.parse((await input.next()).value ?? '');
  const bytes = Buffer.from(frame, 'base64');
  const sockets: WebSocket[] = [];
  for (let at = 0; at < clients.length; at += AT_ONCE) {
    const came = await Promise.all(clients.slice(at, at + AT_ONCE).map(come));
    sockets.push(...came.filter((socket) => socket !== undefined));
  }
  say({ inside: sockets.length });
  await input.next();
  let sent = 0;
  setInterval(() => {
    for (const socket of sockets) {
      if (socket.readyState !== socket.OPEN || socket.bufferedAmount > MOST_WAITING) continue;
      socket.send(bytes);
      sent++;
    }
  }, EVERY_MS);
  await input.next();
  const inside = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  say({ sent, inside });
  process.exit(0);
}

await main();
