import type { HookId } from '@callgate/contract';
import { sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { DUE } from './deliveries.store.ts';

const deleteDone = (state: 'delivered' | 'dead') =>
  prepared<{ before: number; limit: number }, { id: string }>((db, p) => ({
    compile: () =>
      sql<{ id: string }>`delete from webhook_deliveries where id in (select id from webhook_deliveries
        where state = ${sql.lit(state)} and done_at is not null and done_at < ${p('before')}
        order by done_at limit ${p('limit')}) returning id`.compile(db),
  }));
const deleteDelivered = deleteDone('delivered');
const deleteDead = deleteDone('dead');

/** Hooks that are gone and to which something is on its way; found one by one in an index, as there are few. */
const selectOrphans = (states: "= 'pending'" | "in ('retrying', 'slow')") =>
  prepared<Record<never, never>, { hook_id: HookId }>((db) => ({
    compile: () => {
      const which = sql.raw(`state ${states}`);
      return sql<{ hook_id: HookId }>`with recursive hooks (hook_id) as (
          select min(hook_id) from webhook_deliveries where ${which}
          union all
          select (select min(hook_id) from webhook_deliveries where ${which} and hook_id > hooks.hook_id)
          from hooks where hooks.hook_id is not null
        )
        select hook_id from hooks
        where hook_id is not null and hook_id not in (select id from event_hooks)`.compile(db);
    },
  }));
const orphansWaiting = selectOrphans("= 'pending'");
const orphansRetried = selectOrphans("in ('retrying', 'slow')");

const giveUp = (states: "= 'pending'" | "in ('retrying', 'slow')") =>
  prepared<{ hook_id: HookId; now: number; limit: number }, { id: string }>((db, p) => ({
    compile: () =>
      sql<{ id: string }>`update webhook_deliveries
        set state = 'dead', done_at = ${p('now')}, last_error = 'the hook was deleted'
        where id in (select id from webhook_deliveries
          where hook_id = ${p('hook_id')} and ${sql.raw(`state ${states}`)} limit ${p('limit')})
        returning id`.compile(db),
  }));
const giveUpWaiting = giveUp("= 'pending'");
const giveUpRetried = giveUp("in ('retrying', 'slow')");

/** Among the oldest, those that have been open for so long that their hook must have been switched off. */
const giveUpOld = prepared<{ now: number; before: number; limit: number }, { id: string }>((db, p) => ({
  compile: () =>
    sql<{ id: string }>`update webhook_deliveries
      set state = 'dead', done_at = ${p('now')}, last_error = 'the hook was off for too long'
      where id in (select id from (select id, created_at from webhook_deliveries
          where done_at is null order by app_seq limit ${p('limit')}) as oldest
        where created_at < ${p('before')}) returning id`.compile(db),
}));

const selectOldest = prepared<Record<never, never>, { app_seq: number; created_at: number }>((db) => ({
  compile: () =>
    sql<{ app_seq: number; created_at: number }>`select app_seq, created_at from webhook_deliveries
      where done_at is null order by app_seq limit 1`.compile(db),
}));
const countOf = (state: 'pending' | 'retrying' | 'slow' | 'dead', which = sql``) =>
  prepared<{ limit: number }, { count: number }>((db, p) => ({
    compile: () =>
      sql<{ count: number }>`select count(*) as count from (select 1 as one from webhook_deliveries
        where state = ${sql.lit(state)} ${which} limit ${p('limit')}) as found`.compile(db),
  }));
const counts = {
  pending: countOf('pending'),
  retrying: countOf('retrying', sql`and ${DUE}`),
  slow: countOf('slow', sql`and ${DUE}`),
  dead: countOf('dead'),
};
/** More than this is told as this: a metric must not read the whole table. */
const COUNT_LIMIT = 100_000;

/** How long deliveries are kept, in ms: delivered, dead, and open ones that nobody sends. */
export interface Retention {
  deliveredMs: number;
  deadMs: number;
  openMs: number;
}

/** Clears away what is old, `limit` rows of each kind; answers how many rows it touched. */
export async function clearOld(
  tx: Tx,
  { deliveredMs, deadMs, openMs }: Retention,
  now: number,
  limit: number,
): Promise<number> {
  const [waiting, retried] = await Promise.all([orphansWaiting.all(tx, {}), orphansRetried.all(tx, {})]);
  const gone = await Promise.all([
    deleteDelivered.all(tx, { before: now - deliveredMs, limit }),
    deleteDead.all(tx, { before: now - deadMs, limit }),
    giveUpOld.all(tx, { now, before: now - openMs, limit }),
    ...waiting.map(({ hook_id }) => giveUpWaiting.all(tx, { hook_id, now, limit })),
    ...retried.map(({ hook_id }) => giveUpRetried.all(tx, { hook_id, now, limit })),
  ]);
  return gone.reduce((sum, rows) => sum + rows.length, 0);
}

/** The oldest event that is on its way to a hook: from there on the outbox is needed. Undefined: none. */
export const oldestOpen = (handle: Handle): Promise<{ app_seq: number; created_at: number } | undefined> =>
  selectOldest.first(handle, {});

/** Open and dead deliveries by state, each told as 100,000 at most. */
export async function countDeliveries(handle: Handle): Promise<Record<keyof typeof counts, number>> {
  const count = async (state: keyof typeof counts) =>
    (await counts[state].first(handle, { limit: COUNT_LIMIT }))?.count ?? 0;
  const [pending, retrying, slow, dead] = await Promise.all([
    count('pending'),
    count('retrying'),
    count('slow'),
    count('dead'),
  ]);
  return { pending, retrying, slow, dead };
}
