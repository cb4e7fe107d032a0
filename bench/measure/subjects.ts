import { type RunningServer, type ServerOptions, startServer } from '../../e2e/harness/server.ts';
import { DEFAULT_SETTINGS, findPostgres, startCluster } from '../../scripts/test-run/postgres-cluster.ts';
import type { RunOptions } from './run-options.ts';

export type EngineName = 'SQLite' | 'PostgreSQL';

/** PostgreSQL as it ships (fsync on), in a cluster of its own. */
export interface Postgres {
  url: string;
  description: string;
  stop(): Promise<void>;
}

/** Undefined where PostgreSQL is not installed: the report then says that it was left out. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const binaries = findPostgres();
  if (binaries === undefined) return undefined;
  const cluster = await startCluster(binaries, DEFAULT_SETTINGS);
  return { ...cluster, description: `${cluster.description.split(',')[0]}, default settings, fsync on` };
}

/** What is measured: a server on each engine. */
export interface Subject {
  engine: EngineName;
  server: RunningServer;
}

const EMPTY = 'drop schema public cascade; create schema public';

/** Servers over empty databases, one per engine that there is. */
export async function startSubjects(postgres: Postgres | undefined, options: RunOptions): Promise<Subject[]> {
  const sqlite = await startServer(serverOptions(options, 'sqlite'));
  if (!postgres) return [{ engine: 'SQLite', server: sqlite }];
  await emptyDatabase(postgres.url);
  const onPostgres = await startServer({
    ...serverOptions(options, 'postgres'),
    env: { DATABASE_URL: postgres.url },
  });
  return [
    { engine: 'SQLite', server: sqlite },
    { engine: 'PostgreSQL', server: onPostgres },
  ];
}

/** Removes everything from the bench's own database. */
export async function emptyDatabase(url: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(EMPTY);
  await client.end();
}

/** Profiles are written when a server ends by itself. */
export async function endSubjects(subjects: readonly Subject[]): Promise<void> {
  for (const { server } of subjects) {
    await server.stop();
    await server.discard();
  }
}

/** Node's arguments for a profile of the server, where one is wanted. */
export const serverOptions = ({ profile }: RunOptions, name: string): ServerOptions =>
  profile === undefined
    ? {}
    : {
        nodeArgs: [
          '--cpu-prof',
          `--cpu-prof-dir=${profile}`,
          `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`,
        ],
      };
