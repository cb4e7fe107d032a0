import { setTimeout as pause } from 'node:timers/promises';
import type { LocalParameters, RemoteParameters } from '@callgate/sfu';
import { rtpPacket, vp8Payload } from '../../packages/sfu/src/rtp/test-packets.ts';
import { TestClient } from '../../packages/sfu/src/transport/test-client.ts';
import { answerQuestions } from '../measure/task.ts';

export type ClientsOrder =
  | { kind: 'offer' }
  /** The answer to the last offer; resolves when the client is connected. */
  | { kind: 'answered'; local: LocalParameters }
  /** The first client sends packets of `bytes` at a rate. */
  | { kind: 'send'; perSecond: number; seconds: number; bytes: number };

/** What was sent, and what came to each of the two clients that count. */
export interface Sent {
  sent: number;
  heard: number[];
}

export type ClientsAnswer = RemoteParameters | Sent | { connected: true };

const clients: TestClient[] = [];
const heard = [0, 0];
let number = 0;

function offer(): RemoteParameters {
  const client = new TestClient();
  client.addMedia();
  const at = clients.push(client) - 2;
  client.onRtp = () => {
    if (at === 0 || at === 1) heard[at] = (heard[at] ?? 0) + 1;
  };
  return client.offer();
}

async function answered(local: LocalParameters): Promise<{ connected: true }> {
  const client = clients.at(-1);
  client?.answered(local);
  while (client?.state !== 'connected') await pause(5);
  return { connected: true };
}

async function send(perSecond: number, seconds: number, bytes: number): Promise<Sent> {
  heard.fill(0);
  const payload = (isKey: boolean): Buffer =>
    Buffer.concat([vp8Payload({ isKey, picture: number & 0x7fff }), Buffer.alloc(bytes - 21)]);
  const first = number;
  const began = performance.now();
  for (let passed = 0; passed < seconds * 1_000; passed = performance.now() - began) {
    for (const due = first + (passed * perSecond) / 1_000; number < due; number++)
      clients[0]?.send(
        rtpPacket({
          ssrc: 7,
          sequence: number,
          timestamp: number * 90,
          payload: payload(number % 100 === 0),
        }),
      );
    await pause(2);
  }
  await pause(300);
  return { sent: number - first, heard: [...heard] };
}

answerQuestions(async (order: ClientsOrder): Promise<ClientsAnswer> => {
  if (order.kind === 'offer') return offer();
  if (order.kind === 'answered') return answered(order.local);
  return send(order.perSecond, order.seconds, order.bytes);
});
