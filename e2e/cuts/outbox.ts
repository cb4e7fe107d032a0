import { rawStatement } from '@callgate/server/storage/prepared.ts';
import type { Reader } from '@callgate/server/storage/reader.ts';

/** An event as the database holds it: what was committed, for whom, in which order. */
export interface Told {
  id: string;
  type: string;
  cid: string | null;
  seq: number | null;
  place: number;
  /** Whom the event is about, and the members at its commit. */
  people: ReadonlySet<string>;
  /** Whether those hear it who watch its call. */
  isForWatchers: boolean;
  /** The version of the call, in events that tell of a new one. */
  version: number | null;
}

/** What was committed at some instant: everything up to a place, and some that had no place yet. */
export interface Instant {
  place: number;
  unplaced: ReadonlySet<string>;
}

export const isBefore = ({ id, place }: Told, instant: Instant): boolean =>
  place <= instant.place || instant.unplaced.has(id);

interface Row {
  id: string;
  type: string;
  cid: string | null;
  call_seq: number | null;
  app_seq: number;
  audience: string;
  payload: string;
}

/** One statement, so that it is one snapshot. */
const INSTANT = `select id, app_seq from outbox where app_seq is null
  union all select '' as id, max(app_seq) as app_seq from outbox where app_seq is not null`;

export async function instantOf({ handle }: Reader): Promise<Instant> {
  const rows = await handle.run(rawStatement<{ id: string; app_seq: number | null }>(INSTANT));
  const unplaced = rows.flatMap(({ id }) => (id === '' ? [] : [id]));
  return { place: rows.find(({ id }) => id === '')?.app_seq ?? 0, unplaced: new Set(unplaced) };
}

/** The events behind a place, in order. Everything that was committed has its place. */
export async function toldBehind({ handle }: Reader, place: number): Promise<Told[]> {
  const rows = await handle.run(
    rawStatement<Row>(
      `select id, type, cid, call_seq, app_seq, audience, payload from outbox
        where app_seq > ${place} order by app_seq`,
    ),
  );
  return rows.map((row) => {
    const { members = [], users = [], watchers = false } = JSON.parse(row.audience) as Audience;
    const { call } = JSON.parse(row.payload) as { call?: { custom?: { version?: number } } };
    return {
      ...{ id: row.id, type: row.type, cid: row.cid, seq: row.call_seq, place: row.app_seq },
      people: new Set([...members, ...users]),
      isForWatchers: watchers,
      version: row.type === 'call.updated' ? (call?.custom?.version ?? null) : null,
    };
  });
}

interface Audience {
  members?: string[];
  users?: string[];
  watchers?: boolean;
}
