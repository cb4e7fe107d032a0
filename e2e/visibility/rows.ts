import { rawStatement } from '@callgate/server/storage/prepared.ts';
import type { SocketWorld } from '../sockets/socket-world.ts';

/** A committed event, in the order of the application. Who hears it is not read: the oracle says that itself. */
export interface Row {
  id: string;
  type: string;
  cid: string | null;
  at: number;
  place: number;
  payload: Payload;
}

/** What of the events' fields the oracle reads. */
export interface Payload {
  user?: { id: string; role: string; teams: string[] };
  user_id?: string;
  user_ids?: string[];
  /** Members with their roles; of those who were removed the ids. */
  members?: (string | { user_id: string; role: string })[];
  participant?: { user: { id: string } };
  call_type?: { name: string; grants: Record<string, string[]> };
}

interface Stored extends Omit<Row, 'payload' | 'place' | 'at'> {
  created_at: number;
  app_seq: number;
  payload: string;
}

/** Everything behind a place; all that is committed has its place. */
export async function rowsBehind({ services }: SocketWorld, place: number): Promise<Row[]> {
  const statement = rawStatement<Stored>(
    `select id, type, cid, created_at, app_seq, payload from outbox where app_seq > ${place} order by app_seq`,
  );
  const rows = await services.database.read((snapshot) => snapshot.run(statement));
  return rows.map(({ created_at, app_seq, payload, ...row }) => ({
    ...row,
    at: Number(created_at),
    place: Number(app_seq),
    payload: JSON.parse(payload) as Payload,
  }));
}

/** What is committed behind a place now, with and without a place. */
export async function idsBehind({ services }: SocketWorld, place: number): Promise<Set<string>> {
  const statement = rawStatement<{ id: string }>(
    `select id from outbox where app_seq is null or app_seq > ${place}`,
  );
  const rows = await services.database.read((snapshot) => snapshot.run(statement));
  return new Set(rows.map(({ id }) => id));
}

export async function lastPlace({ services }: SocketWorld): Promise<number> {
  const statement = rawStatement<{ last: number | null }>('select max(app_seq) as last from outbox');
  const [row] = await services.database.read((snapshot) => snapshot.run(statement));
  return Number(row?.last ?? 0);
}
