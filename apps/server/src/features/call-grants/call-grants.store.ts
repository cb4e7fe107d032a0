import type { CallCid, Capability, UserId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { CallGrantsTable } from '../../storage/tables.ts';

type Grant = Pick<CallGrantsTable, 'capability' | 'state'>;

const selectOfPair = prepared<{ cid: CallCid; user_id: UserId }, Grant>((db, p) =>
  db
    .selectFrom('call_grants')
    .select(['capability', 'state'])
    .where('cid', '=', p('cid'))
    .where('user_id', '=', p('user_id'))
    .orderBy('capability'),
);
const upsert = prepared<CallGrantsTable, { capability: Capability }>((db, p) =>
  db
    .insertInto('call_grants')
    .values({
      cid: p('cid'),
      user_id: p('user_id'),
      capability: p('capability'),
      state: p('state'),
      changed_by_id: p('changed_by_id'),
      changed_at: p('changed_at'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['cid', 'user_id', 'capability'])
        .doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          changed_by_id: eb.ref('excluded.changed_by_id'),
          changed_at: eb.ref('excluded.changed_at'),
        }))
        .whereRef('call_grants.state', '<>', 'excluded.state' as never),
    )
    .returning('capability'),
);

/** The source `grants` of policy: what was granted to or revoked from a person in a call. */
export const grantsOf = (handle: Handle, cid: CallCid, user_id: UserId): Promise<Grant[]> =>
  selectOfPair.all(handle, { cid, user_id });

/** False when it was said before. */
export const setGrant = async (tx: Tx, row: CallGrantsTable): Promise<boolean> =>
  (await upsert.first(tx, row)) !== undefined;
