import { sql } from 'kysely';
import type { Engine, Handle, Tx } from '../../storage/database.ts';
import { type Builder, type Holes, prepared } from '../../storage/prepared.ts';
import type { TimersTable } from '../../storage/tables.ts';

/** Something to do later. */
export interface Timer {
  /** `<feature>.<what>`, e.g. `ban.end`. */
  kind: string;
  /** Which one of the kind, e.g. the id of the ban. */
  key: string;
  /** Milliseconds since 1970. */
  dueAt: number;
  /** What was set with it; null: nothing. */
  data: unknown;
  /** How often its work has failed since it was set. */
  attempts: number;
}

type Name = Pick<TimersTable, 'kind' | 'key'>;
type Row = Omit<TimersTable, 'attempts'>;

const insert = (db: Builder, p: Holes<Row>) =>
  db.insertInto('timers').values({
    kind: p('kind'),
    key: p('key'),
    due_at: p('due_at'),
    data: p('data'),
    attempts: 0,
  });
const upsert = prepared<Row, never>((db, p) =>
  insert(db, p).onConflict((conflict) =>
    conflict.columns(['kind', 'key']).doUpdateSet((eb) => ({
      due_at: eb.ref('excluded.due_at'),
      data: eb.ref('excluded.data'),
      attempts: 0,
    })),
  ),
);
const insertNew = prepared<Row, never>((db, p) =>
  insert(db, p).onConflict((conflict) => conflict.columns(['kind', 'key']).doNothing()),
);
const remove = prepared<Name, Name>((db, p) =>
  db
    .deleteFrom('timers')
    .where('kind', '=', p('kind'))
    .where('key', '=', p('key'))
    .returning(['kind', 'key']),
);
const removeDue = prepared<Name & { due_at: number }, Name>((db, p) =>
  db
    .deleteFrom('timers')
    .where('kind', '=', p('kind'))
    .where('key', '=', p('key'))
    .where('due_at', '=', p('due_at'))
    .returning(['kind', 'key']),
);
const postpone = prepared<Name & { due_at: number; later: number }, never>((db, p) =>
  db
    .updateTable('timers')
    .set((eb) => ({ due_at: p('later'), attempts: eb('attempts', '+', 1) }))
    .where('kind', '=', p('kind'))
    .where('key', '=', p('key'))
    .where('due_at', '=', p('due_at')),
);
const selectDue = prepared<{ kind: string; now: number; limit: number }, TimersTable>((db, p) =>
  db
    .selectFrom('timers')
    .selectAll()
    .where('kind', '=', p('kind'))
    .where('due_at', '<=', p('now'))
    .orderBy('due_at')
    .limit(p('limit')),
);

/** `kinds` (JSON: a list of texts) as a table `k`: each kind is then one step in the index, however many wait. */
const kindsTable = (engine: Engine, kinds: ReturnType<Holes<{ kinds: string }>>) =>
  engine === 'sqlite'
    ? sql`(select value as kind from json_each(${kinds})) as k`
    : sql`(select jsonb_array_elements_text((${kinds})::jsonb) as kind) as k`;
const selectNext = prepared<{ kinds: string }, { due_at: number | null }>((db, p, engine) => ({
  compile: () =>
    sql<{ due_at: number | null }>`
      select min((select min(t.due_at) from timers as t where t.kind = k.kind)) as due_at
      from ${kindsTable(engine, p('kinds'))}`.compile(db),
}));
const countDue = prepared<{ kinds: string; now: number }, { due: number | null }>((db, p, engine) => ({
  compile: () =>
    sql<{ due: number | null }>`
      select sum((select count(*) from timers as t where t.kind = k.kind and t.due_at <= ${p('now')})) as due
      from ${kindsTable(engine, p('kinds'))}`.compile(db),
}));

/** A timer to set. */
export interface NewTimer {
  kind: string;
  key: string;
  dueAt: number;
  /** JSON; read back as it was. */
  data?: unknown;
}

/**
 * Sets a timer, or moves the one of this kind and key: the newest time wins. Hold what the timer is about before, as its
 * work does (`DueWork.hold`), so that the two wait for each other instead of blocking each other.
 */
export const setTimer = async (tx: Tx, timer: NewTimer): Promise<void> =>
  void (await upsert.all(tx, newRow(timer)));

/** Sets a timer unless there is one of this kind and key. */
export const ensureTimer = async (tx: Tx, timer: NewTimer): Promise<void> =>
  void (await insertNew.all(tx, newRow(timer)));

const newRow = ({ kind, key, dueAt, data }: NewTimer): Row => ({
  kind,
  key,
  due_at: dueAt,
  data: data === undefined ? null : JSON.stringify(data),
});

/** Takes a timer away; whether there was one, which is then never fired. */
export const clearTimer = async (tx: Tx, kind: string, key: string): Promise<boolean> =>
  (await remove.first(tx, { kind, key })) !== undefined;

/**
 * Deletes a due timer's row in the transaction of its effect. False: another process did its work, or it was moved or
 * cleared meanwhile; then nothing is to be done.
 */
export const takeTimer = async (tx: Tx, { kind, key, dueAt }: Timer): Promise<boolean> =>
  (await removeDue.first(tx, { kind, key, due_at: dueAt })) !== undefined;

/** Puts off a timer whose work failed, unless it was moved or cleared meanwhile. */
export const postponeTimer = async (tx: Tx, { kind, key, dueAt }: Timer, later: number): Promise<void> =>
  void (await postpone.all(tx, { kind, key, due_at: dueAt, later }));

/** Up to `limit` timers of a kind that are due at `now`, the longest due first. */
export const dueTimers = async (handle: Handle, now: number, limit: number, kind: string): Promise<Timer[]> =>
  (await selectDue.all(handle, { kind, now, limit })).map((row) => ({
    kind,
    key: row.key,
    dueAt: row.due_at,
    data: row.data === null ? null : JSON.parse(row.data),
    attempts: row.attempts,
  }));

/** When the next timer of these kinds is due; undefined: there is none. */
export const nextDue = async (handle: Handle, kinds: readonly string[]): Promise<number | undefined> =>
  (await selectNext.first(handle, { kinds: JSON.stringify(kinds) }))?.due_at ?? undefined;

/** How many timers of these kinds are due at `now`. */
export const countDueTimers = async (
  handle: Handle,
  kinds: readonly string[],
  now: number,
): Promise<number> => Number((await countDue.first(handle, { kinds: JSON.stringify(kinds), now }))?.due ?? 0);
