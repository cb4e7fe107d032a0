import { setTimeout as pause } from 'node:timers/promises';
import { type Line, type Part, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { makePeople, socketUrl } from './audience.ts';
import { startBareSockets } from './bare-sockets.ts';
import { startCrowd } from './crowd.ts';
import type { Held } from './held.ts';
import { onEachEngine, type ProbedServer } from './probed-server.ts';

/** After opening or closing, before memory is read. */
const AT_REST_MS = 2_000;

/** What a server holds for each idle socket, each of another person, beside a bare `ws` server. */
export async function measureIdleSockets(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const { sockets } = options;
  const bare = { name: 'bare ws', ...(await ofBare(sockets)) };
  const measured = await onEachEngine(postgres, options, async (probed) => ({
    name: probed.engine,
    ...(await ofServer(probed, sockets)),
  }));
  return {
    title: 'Idle sockets',
    text:
      `${sockets.toLocaleString('en-US')} sockets, each of another person. What is held ${AT_REST_MS / 1000} s after the ` +
      `last of them is open, less that before, both after collecting garbage, after a tenth as many have come and gone. ` +
      `Resident memory alone may hide some, where the server had used it for something else before; the larger one counts.`,
    head: ['', 'resident memory of each', 'objects and buffers of each'],
    lines: [bare, ...measured].map(
      ({ name, resident, used }): Line => [name, `${resident.toFixed(1)} KB`, `${used.toFixed(1)} KB`],
    ),
    targets: measured.map(({ name, resident, used }) =>
      under(`an idle socket, ${name}`, Math.max(resident, used), 25, 'KB'),
    ),
  };
}

async function ofServer({ server, probe }: ProbedServer, count: number): Promise<Held> {
  const people = await makePeople(server, 'idle', count);
  return growthEach({ url: socketUrl(server), tokens: people.map((id) => server.userToken(id)) }, probe);
}

async function ofBare(count: number): Promise<Held> {
  const bare = startBareSockets();
  try {
    const tokens = Array.from({ length: count }, (_, at) => `token-${at}`);
    return await growthEach({ url: await bare.url(), tokens }, bare.held);
  } finally {
    await bare.stop();
  }
}

/** In kilobytes for each socket. */
async function growthEach(to: { url: string; tokens: string[] }, look: () => Promise<Held>): Promise<Held> {
  const crowd = startCrowd();
  try {
    await crowd.open({ ...to, tokens: to.tokens.slice(0, to.tokens.length / 10) });
    await crowd.close();
    await pause(AT_REST_MS);
    const before = await look();
    await crowd.open(to);
    await pause(AT_REST_MS);
    const after = await look();
    const each = (which: keyof Held): number => (after[which] - before[which]) / 1_000 / to.tokens.length;
    return { resident: each('resident'), used: each('used') };
  } finally {
    await crowd.stop();
  }
}
