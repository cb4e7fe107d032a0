import type { BanId, CallCid, UserId } from '@callgate/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { flagField, textField, timeField } from '../../storage/filter.ts';
import {
  idKey,
  type ListRequest,
  type ListShape,
  nullableNumberKey,
  numberKey,
  type Page,
  planPage,
} from '../../storage/page.ts';
import { type Builder, builderOf, prepared } from '../../storage/prepared.ts';
import type { BansTable } from '../../storage/tables.ts';
import { NEVER_ENDS } from '../ip-bans/index.ts';

export type BanRow = BansTable;
type Key = { target_user_id: UserId; cid: CallCid | '' };

const selectOne = prepared<Key, BanRow>((db, p) =>
  db
    .selectFrom('bans')
    .selectAll()
    .where('target_user_id', '=', p('target_user_id'))
    .where('cid', '=', p('cid')),
);
const selectById = prepared<{ id: BanId }, BanRow>((db, p) =>
  db.selectFrom('bans').selectAll().where('id', '=', p('id')),
);
const upsert = prepared<BanRow, { id: BanId }>((db, p) =>
  db
    .insertInto('bans')
    .values({
      id: p('id'),
      target_user_id: p('target_user_id'),
      cid: p('cid'),
      banned_by_id: p('banned_by_id'),
      reason: p('reason'),
      ip_ban: p('ip_ban'),
      shadow: p('shadow'),
      delete_messages: p('delete_messages'),
      created_at: p('created_at'),
      expires_at: p('expires_at'),
    })
    .onConflict((conflict) =>
      conflict.columns(['target_user_id', 'cid']).doUpdateSet((eb) => ({
        banned_by_id: eb.ref('excluded.banned_by_id'),
        reason: eb.ref('excluded.reason'),
        ip_ban: eb.ref('excluded.ip_ban'),
        shadow: eb.ref('excluded.shadow'),
        delete_messages: eb.ref('excluded.delete_messages'),
        created_at: eb.ref('excluded.created_at'),
        expires_at: eb.ref('excluded.expires_at'),
      })),
    )
    .returning('id'),
);
const remove = prepared<{ id: BanId }, never>((db, p) => db.deleteFrom('bans').where('id', '=', p('id')));
const removeOver = prepared<{ before: number; limit: number }, { id: BanId }>((db, p) =>
  db
    .deleteFrom('bans')
    .where(
      'id',
      'in',
      db
        .selectFrom('bans as over')
        .select('over.id')
        .where('over.expires_at', 'is not', null)
        .where('over.expires_at', '<=', p('before'))
        .orderBy('over.expires_at')
        .limit(p('limit')),
    )
    .returning('id'),
);

/**
 * When the ban that binds the person ends, as a column: `NEVER_ENDS` for one without an end, null where there is
 * none (a shadow ban does not bind). In force at `now`: later than `now`.
 */
export const bindingBanEnd = (
  db: Builder,
  { userId, cid }: { userId: RawBuilder<UserId>; cid: RawBuilder<CallCid | ''> },
) =>
  db
    .selectFrom('bans')
    .select((eb) => eb.fn.coalesce('expires_at', sql.lit(NEVER_ENDS)).as('ends_at'))
    .where('target_user_id', '=', userId)
    .where('cid', '=', cid)
    .where('shadow', '=', 0);

const LIST: ListShape = {
  name: 'bans',
  fields: {
    user_id: textField('target_user_id'),
    banned_by_id: textField('banned_by_id'),
    channel_cid: textField('channel_cid'),
    created_at: timeField('created_at'),
    expires: timeField('expires_at'),
    reason: textField('reason'),
    shadow: flagField('shadow'),
    ip_ban: flagField('ip_ban'),
  },
  sorts: {
    created_at: numberKey('created_at'),
    expires: nullableNumberKey('expires_at'),
    user_id: idKey('target_user_id'),
    id: idKey('id'),
  },
  defaultSort: [{ field: 'created_at', direction: -1 }],
  tieBreaker: 'id',
};

/** The ban of the person, in force or lapsed; `cid` '' for the application. */
export const findBan = (
  handle: Handle,
  target_user_id: UserId,
  cid: CallCid | '',
): Promise<BanRow | undefined> => selectOne.first(handle, { target_user_id, cid });

export const findBanById = (handle: Handle, id: BanId): Promise<BanRow | undefined> =>
  selectById.first(handle, { id });

/** Writes a ban in the place of one that was there; resolves with the id of the row. */
export async function saveBan(tx: Tx, row: BanRow): Promise<BanId> {
  const saved = await upsert.first(tx, row);
  if (!saved) throw new Error('saving a ban returned no row');
  return saved.id;
}

/** Removes the ban with its prefixes. */
export const removeBan = async (tx: Tx, id: BanId): Promise<void> => void (await remove.all(tx, { id }));

/** How long a ban may be over before it is dropped unannounced, in milliseconds: its timer is tried again until then. */
const LEFT_OVER_MS = 7 * 24 * 60 * 60 * 1000;

/** Drops bans that are long over although no timer announced it, e.g. of a database that was put together by hand. */
export const purgeBans = async (tx: Tx, now: number, limit: number): Promise<number> =>
  (await removeOver.all(tx, { before: now - LEFT_OVER_MS, limit })).length;

/** A page of the bans in force at `now`. Throws 400/4 naming what is wrong with the filter, sort or cursor. */
export async function pageOfBans(handle: Handle, request: ListRequest, now: number): Promise<Page<BanRow>> {
  const plan = planPage(LIST, handle.engine, request);
  const inForce = builderOf(handle.engine)
    .selectFrom((eb) =>
      eb
        .selectFrom('bans')
        .selectAll()
        .select((of) => of.fn<CallCid | null>('nullif', ['cid', of.val('')]).as('channel_cid'))
        .where((of) => of.or([of('expires_at', 'is', null), of('expires_at', '>', now)]))
        .as('bans'),
    )
    .selectAll();
  return plan.finish(await handle.run(plan.apply(inForce).compile()));
}
