import { setTimeout as pause } from 'node:timers/promises';
import type { Round } from '../measure/figures.ts';
import { startLoad } from '../measure/load.ts';
import { makePeopleAndCalls, readRequests, requestText } from '../measure/people.ts';
import { demandAnswers, type Line, ms, type Part, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { demand, makePeople } from './audience.ts';
import { onEachEngine, type ProbedServer } from './probed-server.ts';
import { startWitness, type WitnessedAct } from './witness.ts';

const READS_PER_SECOND = 100;
const BANS_PER_SECOND = 2;
/** Reads and bans go on for so long; the work takes up to 20 s. */
const MEANWHILE_SECONDS = 15;
const LOOK_MS = 50;

interface Measured {
  engine: string;
  seconds: number;
  reads: Round;
  /** The slowest ban's way to the hook, ms. */
  hookMs: number;
}

/** Many people deactivated in one request, while calls are read and people are banned. */
export async function measureBulk(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const { bulkUsers } = options;
  const measured = await onEachEngine(postgres, options, (probed) => measure(probed, bulkUsers));
  for (const { engine, reads } of measured) demandAnswers(`GET call, ${engine}`, [reads]);
  return partOf(measured, bulkUsers);
}

async function measure({ server, engine }: ProbedServer, count: number): Promise<Measured> {
  const [load, witness] = [startLoad(), startWitness()];
  try {
    const port = Number(new URL(server.baseUrl).port);
    await makePeopleAndCalls(server);
    const ids = await makePeople(server, 'many', count);
    const banned = await makePeople(server, 'banned', BANS_PER_SECOND * MEANWHILE_SECONDS);
    await load.prepare('reads', port, readRequests(server));
    await load.paced(1, [{ name: 'reads', perSecond: READS_PER_SECOND }]);
    const hook = { enabled: true, hook_type: 'webhook', webhook_url: await witness.receiver() };
    await demand(server, 'PATCH', '/api/v2/app', {
      event_hooks: [{ ...hook, event_types: ['user.banned'] }],
    });
    const acts = banned.map((id) => banOf(server, id));
    const began = performance.now();
    const done = deactivate(server, ids).then(() => (performance.now() - began) / 1_000);
    const [seconds, [reads], sightings] = await Promise.all([
      done,
      load.paced(MEANWHILE_SECONDS, [{ name: 'reads', perSecond: READS_PER_SECOND }]),
      witness.run({ port, perSecond: BANS_PER_SECOND, acts, sockets: false }),
    ]);
    const delays = sightings.map(({ sentAt, hookAt }) =>
      hookAt > 0 ? hookAt - sentAt : Number.POSITIVE_INFINITY,
    );
    return { engine, seconds, reads: reads as Round, hookMs: Math.max(...delays) };
  } finally {
    await witness.stop();
    await load.stop();
  }
}

async function deactivate(server: ProbedServer['server'], user_ids: string[]): Promise<void> {
  const { task_id } = await demand<{ task_id: string }>(server, 'POST', '/api/v2/users/deactivate', {
    user_ids,
  });
  for (;;) {
    const { status } = await demand<{ status: string }>(server, 'GET', `/api/v2/tasks/${task_id}`);
    if (status === 'completed') return;
    if (status === 'failed') throw new Error('the deactivation failed');
    await pause(LOOK_MS);
  }
}

const banOf = (server: ProbedServer['server'], id: string): WitnessedAct => ({
  request: requestText(server, {
    method: 'POST',
    path: '/api/v2/moderation/ban',
    token: server.userToken('moderator-0'),
    body: { target_user_id: id, reason: 'bench' },
  }),
  event: `user.banned ${id}`,
});

function partOf(measured: readonly Measured[], count: number): Part {
  const people = count.toLocaleString('en-US');
  return {
    title: 'Bulk work beside everything else',
    text:
      `${people} people are deactivated by one request, timed from sending it until the task says completed. For the first ` +
      `${MEANWHILE_SECONDS} s of it ${READS_PER_SECOND} GETs of a call a second, times from when each was due, and ` +
      `${BANS_PER_SECOND} bans a second, times from sending the ban until its event is at the hook.`,
    head: ['', 'deactivated', 'GET of a call, p50', 'p99', 'the slowest ban at the hook'],
    lines: measured.map(
      ({ engine, seconds, reads, hookMs }): Line => [
        engine,
        `${seconds.toFixed(1)} s`,
        ms(reads.p50),
        ms(reads.p99),
        ms(hookMs),
      ],
    ),
    targets: measured.flatMap(({ engine, seconds, reads, hookMs }) => [
      under(`${people} people deactivated, ${engine}`, seconds, 20, 's'),
      under(`GET of a call meanwhile, ${engine}, p99`, reads.p99, 100, 'ms'),
      under(`a ban at the hook meanwhile, ${engine}, the slowest`, hookMs, 1_000, 'ms'),
    ]),
  };
}
