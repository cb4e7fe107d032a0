import { toTime } from '../../kernel/clock.ts';
import type { OutboxRow } from './event-order.store.ts';

/** An event as sockets and webhooks send it: one JSON text, the same for all. */
export function eventMessage(row: OutboxRow): string {
  const { type, created_at, id, cid, call_seq, payload } = row;
  const head = {
    type,
    created_at: toTime(created_at),
    event_id: id,
    ...(cid !== null && { call_cid: cid }),
    ...(call_seq !== null && { seq: call_seq }),
  };
  const fields = payload.trim().slice(1);
  const separator = fields.startsWith('}') ? '' : ',';
  return `${JSON.stringify(head).slice(0, -1)}${separator}${fields}`;
}
