import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { medianRatio, medianRound, type Round } from '../measure/figures.ts';
import { type Load, startLoad } from '../measure/load.ts';
import { actRequests, CONNECTIONS, makePeopleAndCalls } from '../measure/people.ts';
import { withProcessorTime } from '../measure/processor-time.ts';
import { atLeast, cells, demandAnswers, type Part, processorTime, ratio } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import {
  type EngineName,
  endSubjects,
  type Postgres,
  type Subject,
  startSubjects,
} from '../measure/subjects.ts';
import { startTask, type Task } from '../measure/task.ts';
import type { CommitsOrder } from './commits-task.ts';

/** The share of the bare driver's commits that acts must reach. */
const WANTED: Record<EngineName, number> = { SQLite: 0.5, PostgreSQL: 0.15 };
const POSTGRES_CONNECTIONS = 16;

interface Compared {
  engine: EngineName;
  acts: Round[];
  commits: Round[];
}

/** Acts over the whole path beside the bare driver's durable one-row commits, in alternating rounds. */
export async function measureActs(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const load = startLoad();
  const commits = startTask<CommitsOrder, Round>(new URL('./commits-task.ts', import.meta.url));
  const subjects = await startSubjects(postgres, options);
  try {
    const compared: Compared[] = [];
    for (const subject of subjects) {
      await makePeopleAndCalls(subject.server);
      await load.prepare(
        subject.engine,
        Number(new URL(subject.server.baseUrl).port),
        actRequests(subject.server),
      );
      const url = subject.engine === 'PostgreSQL' ? postgres?.url : undefined;
      const order = { connections: POSTGRES_CONNECTIONS, ...(url !== undefined && { url }) };
      compared.push(await compare(subject, { load, commits, order, options }));
    }
    return partOf(compared);
  } finally {
    await endSubjects(subjects);
    for (const task of [load, commits]) await task.stop();
  }
}

async function compare(
  { engine, server }: Subject,
  using: {
    load: Load;
    commits: Task<CommitsOrder, Round>;
    order: Omit<CommitsOrder, 'seconds'>;
    options: RunOptions;
  },
): Promise<Compared> {
  const { load, commits, order, options } = using;
  const { rounds, seconds, warmUpSeconds } = options;
  const audited = (): Promise<number> => countAudits(server.dataDir, order.url);
  const before = await audited();
  const warmUp = await load.run(engine, warmUpSeconds);
  const compared: Compared = { engine, acts: [], commits: [] };
  for (let round = 0; round < rounds; round++) {
    compared.commits.push(await commits.ask({ ...order, seconds }));
    compared.acts.push(await withProcessorTime(server.pid, () => load.run(engine, seconds)));
  }
  const answered = [warmUp, ...compared.acts];
  demandAnswers(`acts, ${engine}`, answered);
  const acts = answered.reduce((sum, round) => sum + round.count, 0);
  const audits = (await audited()) - before;
  if (audits !== acts) throw new Error(`acts, ${engine}: ${acts} were answered, ${audits} changed something`);
  return compared;
}

/** Each act that changes something leaves one audit record, so that this tells no-ops. */
async function countAudits(dataDir: string, url: string | undefined): Promise<number> {
  const count = 'select count(*) as records from audit_records';
  if (url === undefined) {
    const db = new Sqlite(join(dataDir, 'callgate.db'), { readonly: true });
    const { records } = db.prepare<[], { records: number }>(count).get() ?? { records: 0 };
    db.close();
    return records;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ records: string }>(count);
  await client.end();
  return Number(rows[0]?.records);
}

function partOf(compared: readonly Compared[]): Part {
  return {
    title: 'Acts',
    text:
      `Grant, revoke, block, unblock, ban and unban in turn over 512 people in 512 calls, by the user tokens of ` +
      `64 administrators on ${CONNECTIONS} connections. Every act changed something (audit records were counted) ` +
      `and was on disk before its answer. Baseline: the bare driver's fsynced one-row commits (SQLite: ` +
      `better-sqlite3, WAL, synchronous=FULL; PostgreSQL: pg, ${POSTGRES_CONNECTIONS} connections).`,
    head: ['', 'per second', 'p50', 'p99', 'of the bare commits', 'processor time each'],
    lines: compared.flatMap(({ engine, acts, commits }) => [
      [`${engine}: bare commits`, ...cells(medianRound(commits)), '1', ''],
      [
        `${engine}: acts`,
        ...cells(medianRound(acts)),
        ratio(medianRatio(acts, commits)),
        processorTime(medianRound(acts)),
      ],
    ]),
    targets: compared.map(({ engine, acts, commits }) =>
      atLeast(`acts, ${engine}, of bare commits`, medianRatio(acts, commits), WANTED[engine]),
    ),
  };
}
