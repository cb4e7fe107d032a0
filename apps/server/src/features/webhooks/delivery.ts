import { type CallCid, isCallCid, type WebhookDeliveryResponse } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import type { WebhookDeliveriesTable } from '../../storage/webhook-tables.ts';
import type { OutboxRow } from '../events/index.ts';
import { type Outcome, type Step, stepAfter } from './schedule.ts';

export type DeliveryRow = WebhookDeliveriesTable;

const CALL = 'call:';

/** What keeps its order: the event's call, else the user that it is about, else the application. */
export function laneOf({ cid, payload }: Pick<OutboxRow, 'cid' | 'payload'>): string {
  if (cid !== null) return `${CALL}${cid}`;
  const fields = JSON.parse(payload) as { user?: { id?: unknown }; user_id?: unknown };
  const id = fields.user?.id ?? fields.user_id;
  return typeof id === 'string' ? `user:${id}` : 'app';
}

const callOf = (lane: string): CallCid | undefined => {
  const cid = lane.startsWith(CALL) ? lane.slice(CALL.length) : '';
  return isCallCid(cid) ? cid : undefined;
};

/** Characters of an error that are kept. */
const ERROR_LENGTH = 200;

/** An attempt and what follows it, ready to be written. `attempts` guards against writing over somebody else's. */
export interface Settlement {
  id: DeliveryRow['id'];
  attempts: number;
  state: DeliveryRow['state'];
  tries: number;
  next_at: number;
  started_at: number;
  last_at: number;
  last_status: number | null;
  last_error: string | null;
  done_at: number | null;
  /** When it had been sent again last as it was tried; 0: never. */
  replayed_at: number;
}

/** What an attempt that began at `beganAt` and ended at `now` makes of a delivery. Times in ms. */
export function settlementOf(
  row: DeliveryRow,
  outcome: Outcome,
  { beganAt, now, random }: { beganAt: number; now: number; random: number },
): Settlement {
  const startedAt = row.started_at ?? beganAt;
  const state = row.state === 'retrying' || row.state === 'slow' ? row.state : 'pending';
  const step = stepAfter({ state, tries: row.tries, startedAt }, outcome, now, random);
  const isDone = step.state === 'delivered' || step.state === 'dead';
  return {
    id: row.id,
    attempts: row.attempts + (outcome.kind === 'nothing' ? 0 : 1),
    started_at: startedAt,
    last_at: now,
    last_status: outcome.kind === 'answered' ? outcome.status : null,
    last_error: errorOf(outcome, step),
    done_at: isDone ? now : null,
    replayed_at: row.replayed_at ?? 0,
    ...('tries' in step
      ? { state: step.state, tries: step.tries, next_at: step.nextAt }
      : { state: step.state, tries: row.tries, next_at: now }),
  };
}

function errorOf(outcome: Outcome, step: Step): string | null {
  if (step.state === 'delivered') return null;
  const error = outcome.kind === 'answered' ? `the answer was ${outcome.status}` : outcome.error;
  return error.slice(0, ERROR_LENGTH);
}

/** A delivery as clients see it. */
export function deliveryResponse(row: DeliveryRow): WebhookDeliveryResponse {
  const cid = callOf(row.lane);
  return {
    id: row.id,
    hook_id: row.hook_id,
    event_id: row.event_id,
    event_type: row.event_type,
    ...(cid !== undefined && { call_cid: cid }),
    state: row.state,
    attempts: row.attempts,
    ...(row.done_at === null && { next_attempt_at: toTime(row.next_at) }),
    ...(row.last_at !== null && { last_attempt_at: toTime(row.last_at) }),
    ...(row.last_status !== null && { last_status: row.last_status }),
    ...(row.last_error !== null && { last_error: row.last_error }),
    created_at: toTime(row.created_at),
    ...(row.done_at !== null && { done_at: toTime(row.done_at) }),
  };
}
