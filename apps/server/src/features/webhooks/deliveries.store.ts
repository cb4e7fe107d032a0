import type { DeliveryId, EventId, HookId } from '@callgate/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { type Builder, inList, type Prepared, prepared } from '../../storage/prepared.ts';
import type { OutboxRow } from '../events/index.ts';
import type { DeliveryRow, Settlement } from './delivery.ts';

/*
 * Statements are written out with their states as constants: on PostgreSQL a parameter there would keep the partial
 * indexes from being used.
 */

const statement = <P, R>(
  build: (p: (name: keyof P & string) => RawBuilder<unknown>, isSqlite: boolean) => RawBuilder<R>,
): Prepared<P, R> =>
  prepared<P, R>((db: Builder, p, engine) => ({
    compile: () => build((name) => p(name), engine === 'sqlite').compile(db),
  }));

const insertPlanned = statement<{ rows: string; hook_id: HookId; now: number }, { id: DeliveryId }>(
  (p, isSqlite) => {
    const field = (name: string, type: 'text' | 'bigint') =>
      isSqlite ? sql.raw(`json_extract(value, '$.${name}')`) : sql.raw(`(value->>'${name}')::${type}`);
    const source = isSqlite
      ? sql`json_each(${p('rows')})`
      : sql`jsonb_array_elements((${p('rows')})::jsonb) as planned (value)`;
    const now = isSqlite ? sql`${p('now')}` : sql`(${p('now')})::bigint`;
    return sql`insert into webhook_deliveries
      (id, hook_id, event_id, app_seq, event_type, lane, bulk, state, attempts, tries, next_at, created_at)
      select ${field('id', 'text')}, ${p('hook_id')}, ${field('event_id', 'text')}, ${field('app_seq', 'bigint')},
        ${field('event_type', 'text')}, ${field('lane', 'text')}, ${field('bulk', 'bigint')}, 'pending', 0, 0,
        ${now}, ${now}
      from ${source} where true on conflict (hook_id, event_id) do nothing returning id`;
  },
);

const updateSettled = statement<{ rows: string }, { id: DeliveryId }>((p, isSqlite) =>
  isSqlite
    ? sql`update webhook_deliveries set
        state = json_extract(value, '$.state'), attempts = json_extract(value, '$.attempts'),
        tries = json_extract(value, '$.tries'), next_at = json_extract(value, '$.next_at'),
        started_at = json_extract(value, '$.started_at'), last_at = json_extract(value, '$.last_at'),
        last_status = json_extract(value, '$.last_status'), last_error = json_extract(value, '$.last_error'),
        done_at = json_extract(value, '$.done_at')
      from json_each(${p('rows')})
      where webhook_deliveries.id = json_extract(value, '$.id')
        and webhook_deliveries.attempts <= json_extract(value, '$.attempts')
        and webhook_deliveries.done_at is null
        and coalesce(webhook_deliveries.replayed_at, 0) = json_extract(value, '$.replayed_at')
      returning webhook_deliveries.id`
    : sql`update webhook_deliveries set
        state = done.state, attempts = done.attempts, tries = done.tries, next_at = done.next_at,
        started_at = done.started_at, last_at = done.last_at, last_status = done.last_status,
        last_error = done.last_error, done_at = done.done_at
      from jsonb_to_recordset((${p('rows')})::jsonb) as done (id text, state text, attempts bigint, tries bigint,
        next_at bigint, started_at bigint, last_at bigint, last_status bigint, last_error text, done_at bigint, replayed_at bigint)
      where webhook_deliveries.id = done.id and webhook_deliveries.attempts <= done.attempts
        and webhook_deliveries.done_at is null and coalesce(webhook_deliveries.replayed_at, 0) = done.replayed_at
      returning webhook_deliveries.id`,
);

/** As the index says it: SQLite takes an index of some rows when the statement asks for these rows in the same words. */
export const DUE = sql.raw(`state in ('retrying', 'slow')`);
const selectRetrying = statement<{ hook_id: HookId; limit: number }, DeliveryRow>(
  (p) => sql`select * from webhook_deliveries
    where hook_id = ${p('hook_id')} and state = 'retrying' and ${DUE} order by next_at limit ${p('limit')}`,
);
const selectSlow = statement<{ hook_id: HookId; now: number; limit: number }, DeliveryRow>(
  (p) => sql`select * from webhook_deliveries
    where hook_id = ${p('hook_id')} and state = 'slow' and ${DUE} and next_at <= ${p('now')} order by next_at limit ${p('limit')}`,
);
/**
 * The first delivery of each lane behind `after`. The lanes are found one by one in their index, which is what makes a
 * backlog of 100,000 of them cost as much as one of ten.
 */
const selectHeads = (bulk: 0 | 1) =>
  statement<{ hook_id: HookId; after: string; limit: number }, DeliveryRow>((p, isSqlite) => {
    const next = (after: RawBuilder<unknown>) => sql`(select lane from webhook_deliveries
      where hook_id = ${p('hook_id')} and bulk = ${sql.lit(bulk)} and state = 'pending' and lane > ${after}
      order by lane limit 1)`;
    const head = (columns: 'id' | '*') => sql`select ${sql.raw(columns)} from webhook_deliveries
      where hook_id = ${p('hook_id')} and lane = lanes.lane and state = 'pending' order by app_seq limit 1`;
    // PostgreSQL would read the whole table for a join on what a subquery finds; SQLite has no lateral one.
    const withHeads = isSqlite
      ? sql`join webhook_deliveries as head on head.id = (${head('id')})`
      : sql`cross join lateral (${head('*')}) as head`;
    return sql`with recursive lanes (lane, place) as (
        select ${next(p('after'))}, 1
        union all
        select ${next(sql`lanes.lane`)}, lanes.place + 1 from lanes
        where lanes.lane is not null and lanes.place < ${p('limit')}
      )
      select head.* from lanes ${withHeads}
      where lanes.lane is not null order by lanes.lane`;
  });
const headsOf = { interactive: selectHeads(0), bulk: selectHeads(1) };

const selectNextDue = statement<{ hook_id: HookId }, { at: number | null }>((p) => {
  const first = (state: 'retrying' | 'slow') => sql`(select next_at from webhook_deliveries
      where hook_id = ${p('hook_id')} and state = ${sql.lit(state)} and ${DUE} order by next_at limit 1)`;
  return sql`select min(next_at) as at from (select ${first('retrying')} as next_at
      union all select ${first('slow')} as next_at) as firsts`;
});
const selectEvents = prepared<{ ids: string }, OutboxRow>((db, p, engine) =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where(inList(engine, 'id', p('ids'))),
);
const selectDelivery = prepared<{ id: DeliveryId }, DeliveryRow>((db, p) =>
  db.selectFrom('webhook_deliveries').selectAll().where('id', '=', p('id')),
);

/** What the planner writes of an event for one hook. */
export interface PlannedDelivery {
  id: DeliveryId;
  event_id: EventId;
  app_seq: number;
  event_type: string;
  lane: string;
  bulk: 0 | 1;
}

/** Adds deliveries to one hook; an event that has one already is left alone. */
export const addDeliveries = async (
  tx: Tx,
  hook_id: HookId,
  planned: readonly PlannedDelivery[],
  now: number,
): Promise<void> => void (await insertPlanned.all(tx, { rows: JSON.stringify(planned), hook_id, now }));

/** Writes what came of attempts; one that was brought further or replayed meanwhile stays as it is. */
export const settleDeliveries = async (tx: Tx, settled: readonly Settlement[]): Promise<void> =>
  void (await updateSettled.all(tx, { rows: JSON.stringify(settled) }));

/** Those between two of their first attempts, the next one first; their lanes wait. */
export const retryingDeliveries = (handle: Handle, hook_id: HookId, limit: number): Promise<DeliveryRow[]> =>
  selectRetrying.all(handle, { hook_id, limit });

/** Those of the slow lane that are due. */
export const slowDeliveries = (
  handle: Handle,
  due: { hook_id: HookId; now: number; limit: number },
): Promise<DeliveryRow[]> => selectSlow.all(handle, due);

/** The oldest delivery of each waiting lane, from the lane behind `after` on. */
export const laneHeads = (
  handle: Handle,
  kind: keyof typeof headsOf,
  from: { hook_id: HookId; after: string; limit: number },
): Promise<DeliveryRow[]> => headsOf[kind].all(handle, from);

/** When the next retry of a hook is due, in ms; null: none waits. */
export const nextDue = async (handle: Handle, hook_id: HookId): Promise<number | null> =>
  (await selectNextDue.first(handle, { hook_id }))?.at ?? null;

export async function eventsById(handle: Handle, ids: readonly EventId[]): Promise<Map<EventId, OutboxRow>> {
  const rows = await selectEvents.all(handle, { ids: JSON.stringify(ids) });
  return new Map(rows.map((row) => [row.id, row]));
}

export const findDelivery = (handle: Handle, id: DeliveryId): Promise<DeliveryRow | undefined> =>
  selectDelivery.first(handle, { id });
