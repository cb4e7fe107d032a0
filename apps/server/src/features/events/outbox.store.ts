import type { CallCid, EventId, UserId } from '@callgate/contract';
import { newId } from '../../kernel/id.ts';
import type { Handle, Tx } from '../../storage/database.ts';
import { type Builder, type Holes, prepared } from '../../storage/prepared.ts';
import { rowWriter } from '../../storage/row-writer.ts';
import type { OutboxTable } from '../../storage/tables.ts';
import type { EventDraft, StoredAudience } from './event.ts';

type EventRow = Omit<OutboxTable, 'app_seq' | 'call_seq' | 'cid'>;
type CallEventRow = EventRow & { cid: CallCid };

const takeNext = (db: Builder, p: Holes<{ cid: CallCid }>) =>
  db
    .updateTable('calls')
    .set((eb) => ({ seq: eb('seq', '+', 1) }))
    .where('cid', '=', p('cid'))
    .returning('seq');
const takeSequence = prepared<{ cid: CallCid }, { seq: number }>(takeNext);

const insertEvents = rowWriter<EventRow & { cid: CallCid | null; call_seq: number | null }>({
  table: 'outbox',
  columns: {
    id: 'text',
    type: 'text',
    cid: 'text',
    call_seq: 'bigint',
    payload: 'json',
    audience: 'json',
    created_at: 'bigint',
    concerns: 'json',
  },
});
/** Both in one: for PostgreSQL, where waiting for the number is a round trip with the call's row held. */
const insertNumbered = prepared<CallEventRow, { seq: number }>((db, p) =>
  db
    .with('taken', (inner) => takeNext(inner as Builder, p))
    .insertInto('outbox')
    .columns(['id', 'type', 'cid', 'call_seq', 'payload', 'audience', 'created_at', 'concerns'])
    .expression((eb) =>
      eb
        .selectFrom('taken')
        .select([
          p('id').as('id'),
          p('type').as('type'),
          p('cid').as('cid'),
          'taken.seq',
          p('payload').as('payload'),
          p('audience').as('audience'),
          p('created_at').as('created_at'),
          p('concerns').as('concerns'),
        ]),
    )
    .returning('call_seq as seq')
    .$narrowType<{ seq: number }>(),
);

const selectMembers = prepared<{ cid: CallCid; limit: number }, { user_id: UserId }>((db, p) =>
  db.selectFrom('call_members').select('user_id').where('cid', '=', p('cid')).limit(p('limit')),
);

const selectByCall = prepared<{ cid: CallCid }, OutboxTable>((db, p) =>
  db.selectFrom('outbox').selectAll().where('cid', '=', p('cid')).orderBy('call_seq'),
);

/**
 * So many members are named in the event itself; of a larger call, those who are members when it is told hear it. A
 * list of 1,000 ids is about 20 KB in a row.
 */
const MEMBERS_NAMED = 1_000;

/**
 * Writes an act's events in its transaction, numbered per call. Call it last: taking a call's number holds the
 * call's row until the commit. Several calls are taken in sorted order, so that acts cannot deadlock. `concerns` says
 * whose policy the act may have changed; it stands on the last event.
 */
export async function appendEvents(
  tx: Tx,
  events: readonly EventDraft[],
  now: number,
  concerns: readonly object[] = [],
): Promise<void> {
  const audiences = await Promise.all(events.map((event) => storedAudience(tx, event)));
  const rows = events.map((event, at) => {
    const isLast = at === events.length - 1 && concerns.length > 0;
    const audience = audiences[at] ?? {};
    return {
      ...rowOf(event, audience, now),
      cid: event.cid ?? null,
      concerns: isLast ? JSON.stringify(concerns) : null,
    };
  });
  rows.sort((a, b) => compareTexts(a.cid ?? '', b.cid ?? ''));
  const ofNoCall = rows.filter(({ cid }) => cid === null).map((row) => ({ ...row, call_seq: null }));
  const ofCalls = rows.filter((row) => row.cid !== null) as CallEventRow[];
  await Promise.all([insertEvents(tx, ofNoCall), ...ofCalls.map((row) => appendNumbered(tx, row))]);
}

/** Members are named at the commit: who becomes one later does not hear what was before. */
async function storedAudience(tx: Tx, { audience, cid }: EventDraft): Promise<StoredAudience> {
  const { members, except = [], ...rest } = audience;
  if (!members || cid === undefined) return rest;
  const found = await selectMembers.all(tx, { cid, limit: MEMBERS_NAMED + 1 });
  if (found.length > MEMBERS_NAMED) {
    return { ...rest, members: 'many', ...(except.length > 0 && { except }) };
  }
  const named = found.map(({ user_id }) => user_id).filter((id) => !except.includes(id));
  return { ...rest, members: named.sort() };
}

async function appendNumbered(tx: Tx, row: CallEventRow): Promise<void> {
  const isOne = tx.engine === 'postgres';
  const taken = isOne ? await insertNumbered.first(tx, row) : await takeSequence.first(tx, row);
  if (!taken) throw new Error(`event for the call ${row.cid}, which has no row`);
  if (!isOne) await insertEvents(tx, [{ ...row, call_seq: taken.seq }]);
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const rowOf = (event: EventDraft, audience: StoredAudience, now: number): Omit<EventRow, 'concerns'> => ({
  id: newId<EventId>(now),
  type: event.type,
  payload: JSON.stringify(event.payload),
  audience: JSON.stringify(audience),
  created_at: now,
});

/** All stored events of a call in order. */
export const eventsOfCall = (handle: Handle, cid: CallCid): Promise<OutboxTable[]> =>
  selectByCall.all(handle, { cid });
