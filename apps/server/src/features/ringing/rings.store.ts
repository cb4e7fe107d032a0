import type { CallCid, RingId, UserId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { type Builder, type Holes, inList, prepared } from '../../storage/prepared.ts';
import type { RingCalleesTable, RingsTable } from '../../storage/tables.ts';
import type { MemberWithUser } from '../calls/index.ts';
import { ONLINE_UNTIL } from '../users/index.ts';

export type RingRow = RingsTable;
export type Callee = RingCalleesTable;

/** A member whom a ring may reach: not the caller. */
export type Callable = MemberWithUser;

/** As `firstMembers` of a call reads them, without the one who rings. */
const membersBut = (db: Builder, p: Holes<{ cid: CallCid; but: UserId }>) =>
  db
    .selectFrom('call_members')
    .innerJoin('users', 'users.id', 'call_members.user_id')
    .leftJoin('bans', (join) => join.onRef('bans.target_user_id', '=', 'users.id').on('bans.cid', '=', ''))
    .selectAll('users')
    .select(['bans.shadow as ban_shadow', 'bans.expires_at as ban_expires_at'])
    .select(ONLINE_UNTIL)
    .select(['call_members.role as member_role', 'call_members.custom as member_custom'])
    .select(['call_members.created_at as member_created_at', 'call_members.updated_at as member_updated_at'])
    .where('call_members.cid', '=', p('cid'))
    .where('call_members.user_id', '<>', p('but'))
    .orderBy('call_members.user_id');

const selectMembers = prepared<{ cid: CallCid; but: UserId; limit: number }, Callable>((db, p) =>
  membersBut(db, p).limit(p('limit')),
);
const selectNamed = prepared<{ cid: CallCid; but: UserId; ids: string }, Callable>((db, p, engine) =>
  membersBut(db, p).where(inList(engine, 'call_members.user_id', p('ids'))),
);
const insertRing = prepared<RingRow, never>((db, p) =>
  db.insertInto('rings').values({
    id: p('id'),
    cid: p('cid'),
    caller_id: p('caller_id'),
    video: p('video'),
    started_at: p('started_at'),
    cancel_at: p('cancel_at'),
    miss_at: p('miss_at'),
    ended_at: p('ended_at'),
    end_reason: p('end_reason'),
  }),
);
const insertCallee = prepared<Callee, never>((db, p) =>
  db.insertInto('ring_callees').values({
    ring_id: p('ring_id'),
    user_id: p('user_id'),
    told: p('told'),
    answer: p('answer'),
    answered_at: p('answered_at'),
    missed_at: p('missed_at'),
  }),
);
const saveRow = prepared<Callee, never>((db, p) =>
  db
    .updateTable('ring_callees')
    .set({
      told: p('told'),
      answer: p('answer'),
      answered_at: p('answered_at'),
      missed_at: p('missed_at'),
    })
    .where('ring_id', '=', p('ring_id'))
    .where('user_id', '=', p('user_id')),
);
const end = prepared<Pick<RingRow, 'id' | 'ended_at' | 'end_reason'>, never>((db, p) =>
  db
    .updateTable('rings')
    .set({ ended_at: p('ended_at'), end_reason: p('end_reason') })
    .where('id', '=', p('id')),
);
const selectRing = prepared<{ id: RingId }, RingRow>((db, p) =>
  db.selectFrom('rings').selectAll().where('id', '=', p('id')),
);
const selectCallees = prepared<{ ring_id: RingId }, Callee>((db, p) =>
  db.selectFrom('ring_callees').selectAll().where('ring_id', '=', p('ring_id')).orderBy('user_id'),
);
const selectByCaller = prepared<{ cid: CallCid; caller_id: UserId; limit: number }, RingRow>((db, p) =>
  db
    .selectFrom('rings')
    .selectAll()
    .where('cid', '=', p('cid'))
    .where('caller_id', '=', p('caller_id'))
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(p('limit')),
);
const selectByCallee = prepared<{ cid: CallCid; user_id: UserId; limit: number }, RingRow & Callee>((db, p) =>
  db
    .selectFrom('rings')
    .innerJoin('ring_callees', 'ring_callees.ring_id', 'rings.id')
    .selectAll()
    .where('rings.cid', '=', p('cid'))
    .where('ring_callees.user_id', '=', p('user_id'))
    .orderBy('rings.started_at', 'desc')
    .orderBy('rings.id', 'desc')
    .limit(p('limit')),
);
const selectOld = prepared<{ before: number; limit: number }, { id: RingId }>((db, p) =>
  db
    .selectFrom('rings')
    .select('id')
    .where('started_at', '<', p('before'))
    .orderBy('started_at')
    .limit(p('limit')),
);
const deleteRings = prepared<{ ids: string }, never>((db, p, engine) =>
  db.deleteFrom('rings').where(inList(engine, 'id', p('ids'))),
);
const deleteCallees = prepared<{ ids: string }, never>((db, p, engine) =>
  db.deleteFrom('ring_callees').where(inList(engine, 'ring_id', p('ids'))),
);

/** So many rings of one person in one call are looked at, the newest first; more are not open at the same time. */
const RECENT = 100;
/** How long rings are kept: 30 days in milliseconds. */
const RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** The members but one, `limit` at most; with `ids` those of them. */
export const callablesOf = (
  handle: Handle,
  cid: CallCid,
  but: UserId,
  { ids, limit }: { ids: readonly UserId[] | undefined; limit: number },
): Promise<Callable[]> =>
  ids
    ? selectNamed.all(handle, { cid, but, ids: JSON.stringify(ids) })
    : selectMembers.all(handle, { cid, but, limit });

export async function addRing(tx: Tx, ring: RingRow, callees: readonly Callee[]): Promise<void> {
  await insertRing.all(tx, ring);
  await Promise.all(callees.map((callee) => insertCallee.all(tx, callee)));
}

export const saveCallee = async (tx: Tx, callee: Callee): Promise<void> =>
  void (await saveRow.all(tx, {
    ring_id: callee.ring_id,
    user_id: callee.user_id,
    told: callee.told,
    answer: callee.answer,
    answered_at: callee.answered_at,
    missed_at: callee.missed_at,
  }));

export const saveEnd = async (tx: Tx, ring: Pick<RingRow, 'id' | 'ended_at' | 'end_reason'>): Promise<void> =>
  void (await end.all(tx, { id: ring.id, ended_at: ring.ended_at, end_reason: ring.end_reason }));

export const findRing = (handle: Handle, id: RingId): Promise<RingRow | undefined> =>
  selectRing.first(handle, { id });

export const calleesOf = (handle: Handle, ring_id: RingId): Promise<Callee[]> =>
  selectCallees.all(handle, { ring_id });

/** A person's own rings in a call, the newest first. */
export const ringsBy = (handle: Handle, cid: CallCid, caller_id: UserId): Promise<RingRow[]> =>
  selectByCaller.all(handle, { cid, caller_id, limit: RECENT });

/** The rings in a call that a person was rung by, the newest first, with what they answered. */
export const ringsOf = (handle: Handle, cid: CallCid, user_id: UserId): Promise<(RingRow & Callee)[]> =>
  selectByCallee.all(handle, { cid, user_id, limit: RECENT });

/** Drops rings of more than 30 days ago. */
export async function purgeRings(tx: Tx, now: number, limit: number): Promise<number> {
  const old = await selectOld.all(tx, { before: now - RETENTION_MS, limit });
  const ids = JSON.stringify(old.map(({ id }) => id));
  await deleteCallees.all(tx, { ids });
  await deleteRings.all(tx, { ids });
  return old.length;
}
