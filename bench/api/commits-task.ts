import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { type Round, roundOf } from '../measure/figures.ts';
import { answerQuestions } from '../measure/task.ts';

/** Durable one-row commits of the bare driver for so long. */
export interface CommitsOrder {
  /** PostgreSQL's address; absent: SQLite in a folder of its own. */
  url?: string;
  /** Connections to PostgreSQL, one transaction at a time on each. */
  connections: number;
  seconds: number;
}

const TEXT = 'x'.repeat(64);

function sqliteCommits(seconds: number): Round {
  const folder = mkdtempSync(join(tmpdir(), 'callgate-bench-commits-'));
  const db = new Sqlite(join(folder, 'commits.db'));
  try {
    db.pragma('journal_mode = wal');
    db.pragma('synchronous = full');
    db.exec('create table rows (id integer primary key, text text not null)');
    const insert = db.prepare('insert into rows (text) values (?)');
    const samples: number[] = [];
    const started = performance.now();
    for (let began = started; began < started + seconds * 1000; ) {
      insert.run(TEXT);
      const now = performance.now();
      samples.push(now - began);
      began = now;
    }
    return roundOf(samples, (performance.now() - started) / 1000);
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function postgresCommits(url: string, connections: number, seconds: number): Promise<Round> {
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const [first] = clients;
  await first?.query('create table if not exists bench_rows (id bigserial primary key, text text not null)');
  const insert = { name: 'insert', text: 'insert into bench_rows (text) values ($1)', values: [TEXT] };
  await Promise.all(clients.map((client) => client.query(insert)));
  const samples: number[] = [];
  const started = performance.now();
  const lane = async (client: pg.Client): Promise<void> => {
    for (let began = started; began < started + seconds * 1000; ) {
      await client.query(insert);
      const now = performance.now();
      samples.push(now - began);
      began = now;
    }
  };
  await Promise.all(clients.map(lane));
  const took = (performance.now() - started) / 1000;
  await first?.query('truncate bench_rows');
  await Promise.all(clients.map((client) => client.end()));
  return roundOf(samples, took);
}

answerQuestions(async ({ url, connections, seconds }: CommitsOrder) =>
  url === undefined ? sqliteCommits(seconds) : postgresCommits(url, connections, seconds),
);
