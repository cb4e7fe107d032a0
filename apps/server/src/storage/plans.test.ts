import type { CallCid } from '@callgate/contract';
import { expect, test } from 'vitest';
import type { Engine, Handle } from './database.ts';
import { type NamedStatement, prepared } from './prepared.ts';

/** A handle that only keeps what it is asked to run. */
function keeping(engine: Engine): { handle: Handle; asked: () => NamedStatement<unknown> } {
  let last: unknown;
  const handle: Handle = {
    engine,
    run: async (statement) => {
      last = statement;
      return [];
    },
  };
  return { handle, asked: () => last as NamedStatement<unknown> };
}

const cid = 'default:a' as CallCid;
const liveSessions = prepared<{ cid: CallCid; limit: number }, { id: string }>((db, p) =>
  db
    .selectFrom('media_sessions')
    .select('id')
    .where('cid', '=', p('cid'))
    .where('state', 'in', ['pending', 'active'])
    .orderBy('created_at')
    .limit(p('limit')),
);

test('on SQLite constants are written out and holes are hidden from the planner', async () => {
  const { handle, asked } = keeping('sqlite');
  await liveSessions.all(handle, { cid, limit: 3 });
  expect(asked().sql).toContain(
    `"cid" = +? and "state" in ('pending', 'active') order by "created_at" limit +?`,
  );
  expect(asked().parameters).toEqual(['default:a', 3]);
});

test('on PostgreSQL the statement stays as it was built', async () => {
  const { handle, asked } = keeping('postgres');
  await liveSessions.all(handle, { cid, limit: 3 });
  expect(asked().sql).toContain(`"cid" = $1 and "state" in ($2, $3) order by "created_at" limit $4`);
  expect(asked().parameters).toEqual(['default:a', 'pending', 'active', 3]);
});
