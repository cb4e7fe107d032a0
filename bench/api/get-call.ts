import type { OutgoingHttpHeaders } from 'node:http';
import { medianRatio, medianRound, type Round } from '../measure/figures.ts';
import { type Load, startLoad } from '../measure/load.ts';
import { CONNECTIONS, makePeopleAndCalls, readRequests } from '../measure/people.ts';
import { withProcessorTime } from '../measure/processor-time.ts';
import { atLeast, cells, demandAnswers, type Part, processorTime, ratio } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import { endSubjects, type Postgres, type Subject, startSubjects } from '../measure/subjects.ts';
import { startTask } from '../measure/task.ts';
import type { BareOrder } from './bare-server-task.ts';

/** What `GET` of a call costs beside a bare server that answers the same bytes, and the generator's own ceiling. */
export async function measureGetCall(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const load = startLoad();
  const subjects = await startSubjects(postgres, options);
  const http = startTask<BareOrder, number>(new URL('./bare-server-task.ts', import.meta.url));
  const net = startTask<BareOrder, number>(new URL('./bare-server-task.ts', import.meta.url));
  try {
    const reply = await prepareSubjects(load, subjects);
    const requests = readRequests((subjects[0] as Subject).server);
    await load.prepare('bare node:http', await http.ask({ kind: 'http', ...reply }), requests);
    await load.prepare('bare socket', await net.ask({ kind: 'net', ...reply }), requests);
    const measured = await alternate(load, options, [
      ['bare node:http', http.pid],
      ...subjects.map(({ engine, server }): [string, number] => [engine, server.pid]),
      ['bare socket', net.pid],
    ]);
    for (const [name, rounds] of measured) demandAnswers(`GET call, ${name}`, rounds);
    return partOf(measured, reply);
  } finally {
    await endSubjects(subjects);
    for (const task of [load, http, net]) await task.stop();
  }
}

type Reply = Pick<BareOrder, 'headers' | 'body'>;
type Measured = Map<string, Round[]>;

/** Makes people and calls on each engine; resolves with one answer, bytes and headers. */
async function prepareSubjects(load: Load, subjects: readonly Subject[]): Promise<Reply> {
  for (const { engine, server } of subjects) {
    await makePeopleAndCalls(server);
    await load.prepare(engine, Number(new URL(server.baseUrl).port), readRequests(server));
  }
  const { server } = subjects[0] as Subject;
  const reply = await fetch(`${server.baseUrl}/api/v2/video/call/default/call-7-3?api_key=${server.apiKey}`, {
    headers: { authorization: server.userToken('person-7-3'), 'stream-auth-type': 'jwt' },
  });
  const own = new Set(['date', 'connection', 'keep-alive', 'content-length']);
  const headers: OutgoingHttpHeaders = Object.fromEntries(
    [...reply.headers].filter(([name]) => !own.has(name)),
  );
  return { headers, body: await reply.text() };
}

/** Rounds of each server (its name and process id) in turn, after a warm-up of each. */
async function alternate(
  load: Load,
  { rounds, seconds, warmUpSeconds }: RunOptions,
  servers: readonly [name: string, pid: number][],
): Promise<Measured> {
  for (const [name] of servers) await load.run(name, warmUpSeconds);
  const measured: Measured = new Map(servers.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, pid] of servers) {
      measured.get(name)?.push(await withProcessorTime(pid, () => load.run(name, seconds)));
    }
  }
  return measured;
}

function partOf(measured: Measured, { body }: Reply): Part {
  const baseline = measured.get('bare node:http') ?? [];
  const lines = [...measured].map(([name, rounds]) => {
    const round = medianRound(rounds);
    return [name, ...cells(round), ratio(medianRatio(rounds, baseline)), processorTime(round)];
  });
  const sqlite = medianRatio(measured.get('SQLite') ?? [], baseline);
  return {
    title: 'GET of a call',
    text:
      `User tokens, ${CONNECTIONS} connections, 512 calls of 2 members; the bare servers answer the same body ` +
      `(${Buffer.byteLength(body).toLocaleString('en-US')} bytes) and headers. "Bare socket" answers without any ` +
      `HTTP: the load generator's ceiling.`,
    head: ['', 'requests per second', 'p50', 'p99', 'of bare node:http', 'processor time each'],
    lines,
    targets: [atLeast('GET of a call, SQLite, of a bare node:http server', sqlite, 0.2)],
  };
}
