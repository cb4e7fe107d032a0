import type { CallCid, Capability, UserId } from '@callgate/contract';
import { sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { type Builder, prepared } from '../../storage/prepared.ts';
import type { CallGrantsTable } from '../../storage/tables.ts';
import type { PersonInCall } from '../calls/index.ts';

type Grant = Pick<CallGrantsTable, 'capability' | 'state'>;

const selectOfPair = prepared<{ cid: CallCid; user_id: UserId }, Grant>((db, p) =>
  db
    .selectFrom('call_grants')
    .select(['capability', 'state'])
    .where('cid', '=', p('cid'))
    .where('user_id', '=', p('user_id'))
    .orderBy('capability'),
);
const upsert = prepared<CallGrantsTable, never>((db, p) =>
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
      conflict.columns(['cid', 'user_id', 'capability']).doUpdateSet((eb) => ({
        state: eb.ref('excluded.state'),
        changed_by_id: eb.ref('excluded.changed_by_id'),
        changed_at: eb.ref('excluded.changed_at'),
      })),
    ),
);

/** As a column: `granted:<capability>` and `revoked:<capability>` with spaces between; null where nothing was said. */
export const grantsColumn = (db: Builder, { cid, userId }: PersonInCall) =>
  db
    .selectFrom('call_grants')
    .select(sql<string | null>`string_agg(state || ':' || capability, ' ')`.as('said'))
    .where('cid', '=', cid)
    .where('user_id', '=', userId);

const NOTHING: ReadonlySet<Capability> = new Set();

/** What `grantsColumn` says. */
export function grantsIn(said: string | null): Record<Grant['state'], ReadonlySet<Capability>> {
  if (said === null) return { granted: NOTHING, revoked: NOTHING };
  const named = (state: Grant['state']) =>
    said
      .split(' ')
      .filter((entry) => entry.startsWith(`${state}:`))
      .map((entry) => entry.slice(state.length + 1) as Capability);
  return { granted: new Set(named('granted')), revoked: new Set(named('revoked')) };
}

/** What was granted to or revoked from a person in a call. */
export const grantsOf = (handle: Handle, cid: CallCid, user_id: UserId): Promise<Grant[]> =>
  selectOfPair.all(handle, { cid, user_id });

/** Says this of the capability from now on, whatever was said before. */
export const setGrant = async (tx: Tx, row: CallGrantsTable): Promise<void> =>
  void (await upsert.all(tx, row));
