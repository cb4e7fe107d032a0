import { sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';

interface Placed {
  app_seq: number;
  created_at: number;
}

/** The last event is left out, and what a hook that is on has not looked at; events without a place have none to be in. */
const selectPlaced = prepared<{ after: number; limit: number }, Placed>((db, p) => ({
  compile: () =>
    sql<Placed>`select app_seq, created_at from outbox
      where app_seq > ${p('after')}
        and app_seq < (select max(app_seq) from outbox where app_seq is not null)
        and app_seq <= coalesce((select min(app_seq) from event_hooks where enabled = 1), ${sql.lit(Number.MAX_SAFE_INTEGER)})
      order by app_seq limit ${p('limit')}`.compile(db),
}));

/**
 * Each hook is asked by its key: there are 20 of them at most, and deliveries have no index of events alone. `cross join`
 * keeps SQLite, and the count PostgreSQL, from reading all deliveries instead.
 */
const deleteOld = prepared<{ after: number; last: number; before: number }, never>((db, p) => ({
  compile: () =>
    sql<never>`delete from outbox
      where app_seq > ${p('after')} and app_seq <= ${p('last')} and created_at < ${p('before')}
        and 0 = (select count(*) from event_hooks cross join webhook_deliveries
          where webhook_deliveries.hook_id = event_hooks.id and webhook_deliveries.event_id = outbox.id
            and webhook_deliveries.state <> 'delivered')`.compile(db),
}));

/** The next events behind a place that every hook has looked at, at most `limit`; never the last of all. */
export const placedEvents = (handle: Handle, after: number, limit: number): Promise<Placed[]> =>
  selectPlaced.all(handle, { after, limit });

/**
 * Drops the events between two places that were committed before a time (ms), less those that are on their way to a
 * hook or dead; those of hooks that were deleted are nobody's.
 */
export const deleteUnneeded = async (
  tx: Tx,
  between: { after: number; last: number; before: number },
): Promise<void> => void (await deleteOld.all(tx, between));
