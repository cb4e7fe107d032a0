import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { Lane } from '../measure/lane.ts';
import { answerQuestions } from '../measure/task.ts';
import type { Sighting, WitnessOrder } from './witness.ts';

/** Acts under way, by what their event is about: `<type> <key>`. */
const open = new Map<string, Sighting>();
let pending: Sighting[] = [];

const sighting = (name: string, sentAt: number): Sighting => ({
  name,
  sentAt,
  repliedAt: 0,
  socketAt: 0,
  hookAt: 0,
});

interface Told {
  type: string;
  call_cid?: string;
  user?: { id: string };
}

const nameOf = ({ type, call_cid, user }: Told): string => `${type} ${call_cid ?? user?.id ?? ''}`;

function note(told: Told, where: 'socketAt' | 'hookAt'): void {
  const seen = open.get(nameOf(told));
  if (seen && seen[where] === 0) seen[where] = performance.now();
}

const receiver = createServer((message, reply) => {
  const chunks: Buffer[] = [];
  message.on('data', (chunk: Buffer) => chunks.push(chunk));
  message.on('end', () => {
    note(JSON.parse(Buffer.concat(chunks).toString()) as Told, 'hookAt');
    reply.writeHead(200).end();
  });
});

function openSocket(url: string, token: string): Promise<string> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => socket.send(JSON.stringify({ token })));
    socket.on('message', (data: Buffer) => {
      const told = JSON.parse(data.toString()) as Told & { connection_id?: string };
      if (told.type === 'connection.ok') resolve(told.connection_id ?? '');
      else if (told.type === 'health.check') socket.send(data);
      else note(told, 'socketAt');
    });
  });
}

const LANES = 32;
/** An act whose event has not come after this is late; the figures show it as that long. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 10;

async function act(lane: Lane, { request, event }: { request: string; event: string }): Promise<void> {
  const seen = sighting(event, performance.now());
  open.set(event, seen);
  pending.push(seen);
  const { status, text } = await lane.send(Buffer.from(request));
  if (text !== undefined) throw new Error(`${event}: ${status} ${text}`);
  seen.repliedAt = performance.now();
}

/** Sends acts at even times, whatever they take, as long as lanes are free; resolves when all were witnessed. */
async function run(order: Extract<WitnessOrder, { kind: 'run' }>): Promise<Sighting[]> {
  const free = Array.from({ length: LANES }, () => new Lane(order.port));
  const failures: unknown[] = [];
  const underWay = new Set<Promise<void>>();
  pending = [];
  const began = performance.now();
  for (const [at, each] of order.acts.entries()) {
    const due = began + (at * 1_000) / order.perSecond;
    while (performance.now() < due || free.length === 0) await pause(1);
    const resting = free.pop() as Lane;
    // The last one that was used: the server closes those that rest for long.
    const lane = resting.isClosed ? new Lane(order.port) : resting;
    const job = act(lane, each)
      .catch((error: unknown) => failures.push(error))
      .then(() => void free.push(lane))
      .finally(() => underWay.delete(job));
    underWay.add(job);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  const isSeen = (seen: Sighting): boolean =>
    seen.hookAt > 0 && (order.sockets === false || seen.socketAt > 0);
  const until = performance.now() + PATIENCE_MS;
  while (!pending.every(isSeen) && performance.now() < until) await pause(LOOK_MS);
  for (const lane of free) lane.close();
  return pending;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

answerQuestions(async (order: WitnessOrder): Promise<Sighting[] | string> => {
  if (order.kind === 'run') return run(order);
  if (order.kind === 'socket') return openSocket(order.url, order.token);
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
