import { setTimeout as pause } from 'node:timers/promises';
import { type Round, roundOf } from './figures.ts';
import { type Answered, Lane } from './lane.ts';
import type { LoadOrder } from './load.ts';
import { answerQuestions } from './task.ts';

interface Sender {
  lane: Lane;
  requests: Buffer[];
  next: number;
}

const lists = new Map<string, Sender[]>();

const sendersOf = (name: string): Sender[] => {
  const senders = lists.get(name);
  if (!senders) throw new Error(`no requests were prepared as "${name}"`);
  return senders;
};

function sendNext(sender: Sender): Promise<Answered> {
  const request = sender.requests[sender.next] ?? Buffer.alloc(0);
  sender.next = (sender.next + 1) % sender.requests.length;
  return sender.lane.send(request);
}

/** Samples of a round, and what went wrong. */
class Tally {
  readonly samples: number[] = [];
  failed = 0;
  failure: string | undefined;

  add(ms: number, { text }: Answered): void {
    this.samples.push(ms);
    if (text === undefined) return;
    this.failed++;
    this.failure ??= text;
  }

  round(seconds: number): Round {
    return roundOf(this.samples, seconds, this.failed, this.failure);
  }
}

async function run(name: string, seconds: number): Promise<Round[]> {
  const tally = new Tally();
  const started = performance.now();
  const until = started + seconds * 1000;
  const go = async (sender: Sender): Promise<void> => {
    for (let sent = performance.now(); sent < until; ) {
      const answer = await sendNext(sender);
      const now = performance.now();
      tally.add(now - sent, answer);
      sent = now;
    }
  };
  await Promise.all(sendersOf(name).map(go));
  return [tally.round((performance.now() - started) / 1000)];
}

/** Open loop: a request that finds every lane taken waits, and its waiting counts. */
async function paced(name: string, perSecond: number, seconds: number): Promise<Round> {
  const tally = new Tally();
  const free = [...sendersOf(name)];
  const due: number[] = [];
  const underWay = new Set<Promise<void>>();
  const serve = async (sender: Sender): Promise<void> => {
    for (let at = due.shift(); at !== undefined; at = due.shift()) {
      const answer = await sendNext(sender);
      tally.add(performance.now() - at, answer);
    }
    free.push(sender);
  };
  const started = performance.now();
  for (let count = 0; count < perSecond * seconds; ) {
    for (; started + (count * 1000) / perSecond <= performance.now(); count++) {
      due.push(started + (count * 1000) / perSecond);
    }
    while (due.length > 0 && free.length > 0) {
      // Taken in turn, so that every lane works.
      const job = serve(free.shift() as Sender).finally(() => underWay.delete(job));
      underWay.add(job);
    }
    await pause(1);
  }
  await Promise.all(underWay);
  return tally.round((performance.now() - started) / 1000);
}

answerQuestions(async (order: LoadOrder): Promise<Round[]> => {
  if (order.kind === 'run') return run(order.name, order.seconds);
  if (order.kind === 'paced') {
    return Promise.all(order.streams.map(({ name, perSecond }) => paced(name, perSecond, order.seconds)));
  }
  for (const { lane } of lists.get(order.name) ?? []) lane.close();
  lists.set(
    order.name,
    order.lanes.map((requests) => ({
      lane: new Lane(order.port),
      requests: requests.map((text) => Buffer.from(text)),
      next: 0,
    })),
  );
  return [];
});
