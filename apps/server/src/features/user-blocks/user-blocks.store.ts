import type { UserId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import {
  idKey,
  type ListRequest,
  type ListShape,
  numberKey,
  type Page,
  planPage,
} from '../../storage/page.ts';
import { builderOf, prepared } from '../../storage/prepared.ts';
import type { UserBlockRow } from './user-block.ts';

const insert = prepared<UserBlockRow, UserBlockRow>((db, p) =>
  db
    .insertInto('user_blocks')
    .values({ user_id: p('user_id'), blocked_user_id: p('blocked_user_id'), created_at: p('created_at') })
    .onConflict((conflict) => conflict.columns(['user_id', 'blocked_user_id']).doNothing())
    .returningAll(),
);
const remove = prepared<Omit<UserBlockRow, 'created_at'>, UserBlockRow>((db, p) =>
  db
    .deleteFrom('user_blocks')
    .where('user_id', '=', p('user_id'))
    .where('blocked_user_id', '=', p('blocked_user_id'))
    .returningAll(),
);
const selectOne = prepared<Omit<UserBlockRow, 'created_at'>, UserBlockRow>((db, p) =>
  db
    .selectFrom('user_blocks')
    .selectAll()
    .where('user_id', '=', p('user_id'))
    .where('blocked_user_id', '=', p('blocked_user_id')),
);
const selectBlockersOf = prepared<{ blocked_user_id: UserId }, { user_id: UserId }>((db, p) =>
  db.selectFrom('user_blocks').select('user_id').where('blocked_user_id', '=', p('blocked_user_id')),
);

const selectEitherWay = prepared<{ user_id: UserId }, { other: UserId }>((db, p) =>
  db
    .selectFrom('user_blocks')
    .select('blocked_user_id as other')
    .where('user_id', '=', p('user_id'))
    .union(
      db.selectFrom('user_blocks').select('user_id as other').where('blocked_user_id', '=', p('user_id')),
    ),
);

const SHAPE: ListShape = {
  name: 'user_blocks',
  fields: {},
  sorts: { created_at: numberKey('created_at'), blocked_user_id: idKey('blocked_user_id') },
  defaultSort: [{ field: 'created_at', direction: 1 }],
  tieBreaker: 'blocked_user_id',
};

/** False when the block was there. */
export const addUserBlock = async (tx: Tx, row: UserBlockRow): Promise<boolean> =>
  (await insert.first(tx, row)) !== undefined;

export const findUserBlock = (
  handle: Handle,
  user_id: UserId,
  blocked_user_id: UserId,
): Promise<UserBlockRow | undefined> => selectOne.first(handle, { user_id, blocked_user_id });

/** The block that was there, or undefined. */
export const removeUserBlock = (
  tx: Tx,
  user_id: UserId,
  blocked_user_id: UserId,
): Promise<UserBlockRow | undefined> => remove.first(tx, { user_id, blocked_user_id });

/** Who blocks this user: whom a ring or notification of theirs does not reach. */
export const blockersOf = async (handle: Handle, blocked_user_id: UserId): Promise<ReadonlySet<UserId>> =>
  new Set((await selectBlockersOf.all(handle, { blocked_user_id })).map((row) => row.user_id));

/** Whom this user blocks and who blocks this user: neither gets the other's media where a call says so (api.md 0.16). */
export const blockedEitherWay = async (handle: Handle, user_id: UserId): Promise<ReadonlySet<UserId>> =>
  new Set((await selectEitherWay.all(handle, { user_id })).map(({ other }) => other));

/** A page of a user's blocks, oldest first; a cursor belongs to its user. */
export async function listUserBlocks(
  handle: Handle,
  userId: UserId,
  request: Pick<ListRequest, 'limit' | 'next' | 'prev'>,
): Promise<Page<UserBlockRow>> {
  const plan = planPage({ ...SHAPE, name: `user_blocks ${userId}` }, handle.engine, request);
  const query = builderOf(handle.engine).selectFrom('user_blocks').selectAll().where('user_id', '=', userId);
  return plan.finish(await handle.run(plan.apply(query).compile()));
}
