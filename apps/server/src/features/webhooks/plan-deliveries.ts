import type { DeliveryId } from '@callgate/contract';
import { WEBHOOK_EVENT_TYPES } from '@callgate/contract';
import { newId } from '../../kernel/id.ts';
import type { Tx } from '../../storage/database.ts';
import { type EventHook, finishReplay, hookPosition, moveHook } from '../app-settings/index.ts';
import { eventsAfter, type OutboxRow } from '../events/index.ts';
import type { BulkMeter } from './bulk-meter.ts';
import { addDeliveries, type PlannedDelivery } from './deliveries.store.ts';
import { laneOf } from './delivery.ts';
import { replaySome } from './replays.store.ts';

/** Events that are looked at, and deliveries that are replayed, in one transaction at most. */
export const PLAN_BATCH = 500;
/**
 * An event that was committed before the hook was switched on, but got its place afterwards, is told by its time.
 * Clocks of several nodes may differ by so much, in ms; rather one too many than one lost.
 */
const CLOCKS_MS = 5_000;

/** Whether a hook is sent an event. */
export const isWanted = (hook: EventHook, { type, created_at }: OutboxRow): boolean =>
  WEBHOOK_EVENT_TYPES.has(type) &&
  (hook.eventTypes.length === 0 || hook.eventTypes.includes(type)) &&
  created_at >= (hook.enabledAt ?? 0) - CLOCKS_MS;

/**
 * Writes a delivery for each of the next events that the hook wants, and moves the hook behind them, in one
 * transaction: a crash leaves both or neither. Also takes the next step of a replay. Answers whether there may be more.
 */
export async function planDeliveries(
  tx: Tx,
  hook: EventHook,
  { meter, now }: { meter: BulkMeter; now: number },
): Promise<boolean> {
  const position = await hookPosition(tx, hook.id);
  if (!position) return false;
  const events = await eventsAfter(tx, position.app_seq, PLAN_BATCH);
  const wanted = events.filter((event) => isWanted(hook, event));
  if (wanted.length > 0) {
    const planned = wanted.map(
      (event): PlannedDelivery => ({
        id: newId<DeliveryId>(now),
        event_id: event.id,
        app_seq: event.app_seq,
        event_type: event.type,
        lane: laneOf(event),
        bulk: meter.isBulk(event.type) ? 1 : 0,
      }),
    );
    await addDeliveries(tx, hook.id, planned, now);
  }
  const last = events.at(-1);
  if (last) await moveHook(tx, hook.id, last.app_seq);
  const { replay_since: since, replay_at: at } = position;
  if (since === null || at === null) return events.length === PLAN_BATCH;
  const replayed = await replaySome(tx, { hook_id: hook.id, since, at, now, limit: PLAN_BATCH });
  if (replayed === 0) await finishReplay(tx, hook.id, at);
  return events.length === PLAN_BATCH || replayed > 0;
}
