import { WebSocket } from 'ws';
import { answerQuestions } from '../measure/task.ts';
import type { Arrivals, CrowdOrder } from './crowd.ts';

/** Sockets that are opened at a time: an address may have 100 that have not said who they are. */
const OPENING = 50;

const sockets = new Set<WebSocket>();
/** What is waited for, and who had it. */
let awaited: { text: string; had: number; last: number; done: (arrivals: Arrivals) => void } | undefined;

const now = (): number => performance.timeOrigin + performance.now();

function heard(data: Buffer): void {
  if (!awaited?.text || !data.includes(awaited.text)) return;
  awaited.had++;
  awaited.last = now();
  if (awaited.had === sockets.size) awaited.done({ count: awaited.had, lastAt: awaited.last });
}

/** Opens one; resolves with its first message. */
function open(url: string, token: string): Promise<{ connection_id?: string }> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  sockets.add(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => socket.send(JSON.stringify({ token })));
    socket.once('message', (data: Buffer) => {
      const first = JSON.parse(data.toString()) as { type: string; connection_id?: string };
      if (first.type !== 'connection.ok') return reject(new Error(data.toString()));
      socket.on('message', (next: Buffer) => {
        heard(next);
        if (next.includes('"health.check"')) socket.send(next);
      });
      resolve(first);
    });
    socket.once('error', reject);
    socket.once('close', (code, reason) => reject(new Error(`closed: ${code} ${reason}`)));
  });
}

async function watch(url: string, token: string, connectionId: string): Promise<void> {
  const headers = { authorization: token, 'stream-auth-type': 'jwt' };
  const reply = await fetch(`${url}&watch=true&connection_id=${connectionId}`, { headers });
  const text = await reply.text();
  if (!reply.ok) throw new Error(text);
}

async function openAll({ url, tokens, watching }: Extract<CrowdOrder, { kind: 'open' }>): Promise<Arrivals> {
  const left = [...tokens];
  const work = async (): Promise<void> => {
    for (let token = left.pop(); token !== undefined; token = left.pop()) {
      const { connection_id = '' } = await open(url, token);
      if (watching !== undefined) await watch(watching, token, connection_id);
    }
  };
  await Promise.all(Array.from({ length: OPENING }, work));
  return { count: sockets.size, lastAt: now() };
}

async function closeAll(): Promise<Arrivals> {
  const closed = [...sockets].map(
    (socket) => new Promise<void>((done) => socket.once('close', () => done())),
  );
  for (const socket of sockets) socket.close();
  await Promise.all(closed);
  sockets.clear();
  return { count: closed.length, lastAt: now() };
}

let arrived: Promise<Arrivals> | undefined;

answerQuestions(async (order: CrowdOrder): Promise<Arrivals> => {
  if (order.kind === 'open') return openAll(order);
  if (order.kind === 'close') return closeAll();
  if (order.kind === 'arrived') return (await arrived) ?? { count: 0, lastAt: 0 };
  arrived = new Promise((done) => {
    awaited = { text: order.text, had: 0, last: 0, done };
  });
  return { count: 0, lastAt: 0 };
});
