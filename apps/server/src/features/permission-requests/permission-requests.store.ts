import type { CallCid, PermissionRequestId, Requestable, UserId } from '@callgate/contract';
import { sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { textField } from '../../storage/filter.ts';
import {
  idKey,
  type ListRequest,
  type ListShape,
  numberKey,
  type Page,
  planPage,
} from '../../storage/page.ts';
import { type Builder, builderOf, prepared } from '../../storage/prepared.ts';
import type { PermissionRequestsTable } from '../../storage/tables.ts';

export type PermissionRequestRow = PermissionRequestsTable;
type Pair = { cid: CallCid; user_id: UserId };

const insert = prepared<PermissionRequestRow, never>((db, p) =>
  db.insertInto('permission_requests').values({
    id: p('id'),
    cid: p('cid'),
    user_id: p('user_id'),
    permission: p('permission'),
    state: p('state'),
    reason: p('reason'),
    answered_by_id: p('answered_by_id'),
    created_at: p('created_at'),
    answered_at: p('answered_at'),
  }),
);
/**
 * The rows as they stand: what was pending when its call ended has expired with it. Told when it is read, because a
 * request may be committed while the call is ending.
 */
const standing = (db: Builder) => {
  const isOver = sql<boolean>`(asked.state = 'pending' and calls.ended_at is not null and asked.created_at <= calls.ended_at)`;
  return db
    .selectFrom(
      db
        .selectFrom('permission_requests as asked')
        .innerJoin('calls', 'calls.cid', 'asked.cid')
        .select(['asked.id', 'asked.cid', 'asked.user_id', 'asked.permission', 'asked.reason'])
        .select(['asked.answered_by_id', 'asked.created_at'])
        .select(
          sql<PermissionRequestRow['state']>`case when ${isOver} then 'expired' else asked.state end`.as(
            'state',
          ),
        )
        .select(
          sql<number | null>`case when ${isOver} then calls.ended_at else asked.answered_at end`.as(
            'answered_at',
          ),
        )
        .as('permission_requests'),
    )
    .selectAll();
};
const selectPending = prepared<Pair, PermissionRequestRow>((db, p) =>
  standing(db).where('cid', '=', p('cid')).where('user_id', '=', p('user_id')).where('state', '=', 'pending'),
);
const selectOne = prepared<{ id: PermissionRequestId; cid: CallCid }, PermissionRequestRow>((db, p) =>
  standing(db).where('id', '=', p('id')).where('cid', '=', p('cid')),
);
const expire = prepared<Pair & { ended_at: number }, never>((db, p) =>
  db
    .updateTable('permission_requests')
    .set({ state: 'expired', answered_at: p('ended_at') })
    .where('cid', '=', p('cid'))
    .where('user_id', '=', p('user_id'))
    .where('state', '=', 'pending')
    .where('created_at', '<=', p('ended_at')),
);
const answer = prepared<
  Pick<PermissionRequestRow, 'id' | 'state' | 'reason' | 'answered_by_id' | 'answered_at'>,
  PermissionRequestRow
>((db, p) =>
  db
    .updateTable('permission_requests')
    .set({
      state: p('state'),
      reason: p('reason'),
      answered_by_id: p('answered_by_id'),
      answered_at: p('answered_at'),
    })
    .where('id', '=', p('id'))
    .where('state', '=', 'pending')
    .returningAll(),
);

const LIST: ListShape = {
  name: 'permission_requests',
  fields: { cid: textField('cid'), user_id: textField('user_id'), state: textField('state') },
  sorts: { created_at: numberKey('created_at'), id: idKey('id') },
  defaultSort: [{ field: 'created_at', direction: 1 }],
  tieBreaker: 'id',
};

/** How a request left the state `pending`. */
export interface Answer {
  state: 'granted' | 'denied' | 'withdrawn';
  reason?: string | null;
  /** Null: the server. */
  by: UserId | null;
  at: number;
}

export const addRequest = async (tx: Tx, row: PermissionRequestRow): Promise<void> =>
  void (await insert.all(tx, row));

/** What the person asks for in this call and has no answer to; at most one row per permission. */
export const pendingRequests = (
  handle: Handle,
  cid: CallCid,
  user_id: UserId,
): Promise<PermissionRequestRow[]> => selectPending.all(handle, { cid, user_id });

/** The request, if it belongs to this call. */
export const findRequest = (
  handle: Handle,
  cid: CallCid,
  id: PermissionRequestId,
): Promise<PermissionRequestRow | undefined> => selectOne.first(handle, { id, cid });

/** The row after the answer; undefined when it was not pending. */
export const answerRequest = (
  tx: Tx,
  id: PermissionRequestId,
  { state, reason, by, at }: Answer,
): Promise<PermissionRequestRow | undefined> =>
  answer.first(tx, { id, state, reason: reason ?? null, answered_by_id: by, answered_at: at });

/** Answers the person's pending requests for these permissions; resolves with the rows after it. */
export async function answerPending(
  tx: Tx,
  pair: Pair,
  permissions: readonly Requestable[],
  given: Answer,
): Promise<PermissionRequestRow[]> {
  if (permissions.length === 0) return [];
  const pending = await pendingRequests(tx, pair.cid, pair.user_id);
  const matching = pending.filter((row) => permissions.some((permission) => permission === row.permission));
  const answered = await Promise.all(matching.map((row) => answerRequest(tx, row.id, given)));
  return answered.flatMap((row) => row ?? []);
}

/** Writes down that the person's requests expired when the call ended: a pending one stands in the way of a new one. */
export const expireRequests = async (tx: Tx, pair: Pair, ended_at: number): Promise<void> =>
  void (await expire.all(tx, { ...pair, ended_at }));

/** A page of requests, oldest first. */
export async function pageOfRequests(
  handle: Handle,
  request: ListRequest,
): Promise<Page<PermissionRequestRow>> {
  const plan = planPage(LIST, handle.engine, request);
  return plan.finish(await handle.run(plan.apply(standing(builderOf(handle.engine))).compile()));
}
