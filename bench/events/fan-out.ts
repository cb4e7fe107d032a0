import { median } from '../measure/figures.ts';
import { type Line, ms, type Part, ratio, type Target, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { demand, makePeople, socketUrl } from './audience.ts';
import { type BareSockets, startBareSockets } from './bare-sockets.ts';
import { type Crowd, startCrowd } from './crowd.ts';
import { onEachEngine, type ProbedServer } from './probed-server.ts';

const CALL = '/api/v2/video/call/livestream/stage';
/** Events measured, and those before them that only warm up. */
const EVENTS = 20;
const WARM_UP = 5;
/** How much longer than a bare loop the last delivery may take, and how long the loop may be blocked. */
const OF_BARE = 1.5;
const BLOCKED_MS = 50;

interface Measured {
  engine: string;
  bareMs: number[];
  lastMs: number[];
  blockedMs: number[];
}

/** One event to everybody who watches a call, in turn with a bare `ws` server that sends the same text in one loop. */
export async function measureFanOut(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const { sockets } = options;
  const bare = startBareSockets();
  try {
    const measured = await onEachEngine(postgres, options, (probed) => measure(probed, bare, sockets));
    return partOf(measured, sockets);
  } finally {
    await bare.stop();
  }
}

async function measure(probed: ProbedServer, bare: BareSockets, count: number): Promise<Measured> {
  const { server, engine } = probed;
  const [own, others] = [startCrowd(), startCrowd()];
  try {
    const tokens = (await makePeople(server, 'fan', count)).map((id) => server.userToken(id));
    await demand(server, 'POST', CALL, { data: { created_by_id: 'fan-0' } });
    const watching = `${server.baseUrl}${CALL}?api_key=${server.apiKey}`;
    await own.open({ url: socketUrl(server), tokens, watching });
    await others.open({ url: await bare.url(), tokens });
    const measured: Measured = { engine, bareMs: [], lastMs: [], blockedMs: [] };
    await probed.probe();
    for (let event = -WARM_UP; event < EVENTS; event++) {
      const mark = `mark-${engine}-${event}`;
      const bareMs = await deliver(others, mark, () => bare.send(eventLike(mark)));
      const lastMs = await deliver(own, mark, () => change(probed, mark));
      const { blockedMs } = await probed.probe();
      if (event < 0) continue;
      measured.bareMs.push(bareMs);
      measured.lastMs.push(lastMs);
      measured.blockedMs.push(blockedMs);
    }
    return measured;
  } finally {
    await own.stop();
    await others.stop();
  }
}

/** Resolves with the time from the moment that `send` answers until every socket had the message, in milliseconds. */
async function deliver(crowd: Crowd, mark: string, send: () => Promise<number>): Promise<number> {
  await crowd.expect(mark);
  const arrived = crowd.arrived();
  const began = await send();
  return (await arrived).lastAt - began;
}

/** The act, and when it was sent: committing it and giving it its place count too. */
async function change({ server }: ProbedServer, mark: string): Promise<number> {
  const began = performance.timeOrigin + performance.now();
  await demand(server, 'PATCH', CALL, { custom: { mark } });
  return began;
}

/** As long as the real event. */
const eventLike = (mark: string): string =>
  JSON.stringify({ type: 'call.updated', mark, call: 'c'.repeat(2_400) });

function partOf(measured: readonly Measured[], sockets: number): Part {
  const targets = measured.flatMap(({ engine, bareMs, lastMs, blockedMs }): Target[] => {
    const share = median(lastMs.map((last, at) => last / (bareMs[at] ?? Number.NaN)));
    return [
      {
        name: `the last delivery to all watchers, ${engine}, of a bare ws loop`,
        wanted: `at most ${OF_BARE}`,
        measured: ratio(share),
        met: share <= OF_BARE,
      },
      under(`the loop while all watchers are told, ${engine}`, Math.max(...blockedMs), BLOCKED_MS, 'ms'),
    ];
  });
  return {
    title: 'One event to all watchers',
    text:
      `${sockets.toLocaleString('en-US')} sockets of as many people watch a call that is changed ${EVENTS} times. From sending ` +
      `the change (its commit and its place in the order included) until the last socket has the event; the bare ws ` +
      `server sends as long a text in one loop, from the beginning of the loop. Medians, the ratio event by event.`,
    head: ['', 'last delivery', 'bare ws', 'slowest', 'loop blocked at most'],
    lines: measured.map(
      ({ engine, bareMs, lastMs, blockedMs }): Line => [
        engine,
        ms(median(lastMs)),
        ms(median(bareMs)),
        ms(Math.max(...lastMs)),
        ms(Math.max(...blockedMs)),
      ],
    ),
    targets,
  };
}
