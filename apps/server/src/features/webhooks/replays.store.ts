import type { DeliveryId, HookId } from '@callgate/contract';
import { sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { DUE } from './deliveries.store.ts';
import type { DeliveryRow } from './delivery.ts';

const updateOne = prepared<{ id: DeliveryId; now: number }, DeliveryRow>((db, p) => ({
  compile: () =>
    sql<DeliveryRow>`update webhook_deliveries
      set state = 'slow', tries = 0, next_at = ${p('now')}, started_at = null, replayed_at = ${p('now')}, done_at = null
      where id = ${p('id')} and state in ('slow', 'delivered', 'dead') returning *`.compile(db),
}));

interface Replayed {
  hook_id: HookId;
  since: number;
  at: number;
  now: number;
  limit: number;
}
const updateMany = prepared<Replayed, { id: DeliveryId }>((db, p) => ({
  compile: () => {
    const dead = sql`select * from (select id from webhook_deliveries
      where hook_id = ${p('hook_id')} and state = 'dead' and created_at >= ${p('since')}
        and (replayed_at is null or replayed_at < ${p('at')}) limit ${p('limit')}) as dead_ones`;
    // One that is due is tried anyway; leaving those out keeps a long replay from reading them again at every step.
    const slow = sql`select * from (select id from webhook_deliveries
      where hook_id = ${p('hook_id')} and state = 'slow' and ${DUE} and next_at > ${p('now')} and created_at >= ${p('since')}
        and (replayed_at is null or replayed_at < ${p('at')}) limit ${p('limit')}) as slow_ones`;
    return sql<{ id: DeliveryId }>`update webhook_deliveries
      set state = 'slow', tries = 0, next_at = ${p('now')}, started_at = null, replayed_at = ${p('at')}, done_at = null
      where id in (${dead} union all ${slow}) returning id`.compile(db);
  },
}));
const countMany = prepared<{ hook_id: HookId; since: number; limit: number }, { count: number }>((db, p) => ({
  compile: () => {
    const since = sql`hook_id = ${p('hook_id')} and created_at >= ${p('since')}`;
    return sql<{ count: number }>`select count(*) as count from (
      select id from webhook_deliveries where state = 'dead' and ${since}
      union all select id from webhook_deliveries where state = 'slow' and ${DUE} and ${since}
      limit ${p('limit')}) as found`.compile(db);
  },
}));

/** Puts a delivery into the slow lane, due now; undefined when it waits for its turn anyway, or is not there. */
export const replayOne = (tx: Tx, id: DeliveryId, now: number): Promise<DeliveryRow | undefined> =>
  updateOne.first(tx, { id, now });

/** The same for some of those that are dead or slow and were not replayed since `at`; answers how many. */
export const replaySome = async (tx: Tx, replayed: Replayed): Promise<number> =>
  (await updateMany.all(tx, replayed)).length;

/** How many a replay concerns, at most `limit`. */
export const countReplayed = async (
  handle: Handle,
  asked: { hook_id: HookId; since: number; limit: number },
): Promise<number> => (await countMany.first(handle, asked))?.count ?? 0;
