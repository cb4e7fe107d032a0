import type { CallCid, PermissionRequestId, Requestable, UserId } from '@callgate/contract';
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
import { builderOf, prepared } from '../../storage/prepared.ts';
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
const selectPending = prepared<Pair, PermissionRequestRow>((db, p) =>
  db
    .selectFrom('permission_requests')
    .selectAll()
    .where('cid', '=', p('cid'))
    .where('user_id', '=', p('user_id'))
    .where('state', '=', 'pending'),
);
const selectOne = prepared<{ id: PermissionRequestId; cid: CallCid }, PermissionRequestRow>((db, p) =>
  db.selectFrom('permission_requests').selectAll().where('id', '=', p('id')).where('cid', '=', p('cid')),
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

/** A page of requests, oldest first. */
export async function pageOfRequests(
  handle: Handle,
  request: ListRequest,
): Promise<Page<PermissionRequestRow>> {
  const plan = planPage(LIST, handle.engine, request);
  const all = builderOf(handle.engine).selectFrom('permission_requests').selectAll();
  return plan.finish(await handle.run(plan.apply(all).compile()));
}
