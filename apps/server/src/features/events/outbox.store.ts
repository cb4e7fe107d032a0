import type { CallCid, EventId } from '@callgate/contract';
import { newId } from '../../kernel/id.ts';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { OutboxTable } from '../../storage/tables.ts';
import type { EventDraft } from './event.ts';

const takeSequence = prepared<{ cid: CallCid; count: number }, { seq: number }>((db, p) =>
  db
    .updateTable('calls')
    .set((eb) => ({ seq: eb('seq', '+', p('count')) }))
    .where('cid', '=', p('cid'))
    .returning('seq'),
);

const insertEvent = prepared<Omit<OutboxTable, 'app_seq'>, never>((db, p) =>
  db.insertInto('outbox').values({
    id: p('id'),
    type: p('type'),
    cid: p('cid'),
    call_seq: p('call_seq'),
    payload: p('payload'),
    audience: p('audience'),
    created_at: p('created_at'),
    app_seq: null,
  }),
);

const selectByCall = prepared<{ cid: CallCid }, OutboxTable>((db, p) =>
  db.selectFrom('outbox').selectAll().where('cid', '=', p('cid')).orderBy('call_seq'),
);

/**
 * Writes an act's events in its transaction, numbered per call. Call it last: taking a call's number holds the
 * call's row until the commit. Several calls are taken in sorted order, so that acts cannot deadlock.
 */
export async function appendEvents(tx: Tx, events: readonly EventDraft[], now: number): Promise<void> {
  const cids = [...new Set(events.flatMap((event) => event.cid ?? []))].sort();
  const next = new Map<CallCid, number>();
  for (const cid of cids) {
    const count = events.filter((event) => event.cid === cid).length;
    const row = await takeSequence.first(tx, { cid, count });
    if (!row) throw new Error(`event for the call ${cid}, which has no row`);
    next.set(cid, row.seq - count + 1);
  }
  await Promise.all(events.map((event) => insertEvent.all(tx, rowOf(event, next, now))));
}

function rowOf(event: EventDraft, next: Map<CallCid, number>, now: number): Omit<OutboxTable, 'app_seq'> {
  const id = newId<EventId>(now);
  const call_seq = event.cid ? (next.get(event.cid) ?? null) : null;
  if (event.cid && call_seq !== null) next.set(event.cid, call_seq + 1);
  const created_at = now;
  return {
    id,
    type: event.type,
    cid: event.cid ?? null,
    call_seq,
    payload: JSON.stringify(event.payload),
    audience: JSON.stringify(event.audience),
    created_at,
  };
}

/** All stored events of a call in order. */
export const eventsOfCall = (handle: Handle, cid: CallCid): Promise<OutboxTable[]> =>
  selectByCall.all(handle, { cid });
