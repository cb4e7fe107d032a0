import type { QueryUsersRequest } from '@callgate/contract';
import { notAllowed } from '../../kernel/errors.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { type Asking, callerPerson } from './caller-person.ts';
import { shownUsers } from './record-changes.ts';
import { listUsers } from './user-list.store.ts';

/**
 * A page of users, newest first unless sorted otherwise. A user token sees people of its teams only while
 * multi-tenancy is on; guests see nobody: 403/17. Deleted users are never listed, deactivated ones when asked for.
 */
export async function queryUsers(
  acts: Acts,
  request: Pick<ActRequest, 'caller' | 'address'>,
  input: QueryUsersRequest,
) {
  const now = acts.clock.now();
  return acts.database.read(async (snapshot) => {
    const asking: Asking = { tx: snapshot, now, policy: acts.policy, ...request };
    const teams = await visibleTeams(asking);
    const { include_deactivated_users: includeDeactivated = false, ...list } = input;
    const { items, ...links } = await listUsers(snapshot, list, { now, includeDeactivated, teams });
    const shown = await shownUsers(asking, items);
    return { users: items.flatMap((row) => shown[row.id] ?? []), ...links };
  });
}

/** Null: everybody. */
async function visibleTeams(asking: Asking): Promise<readonly string[] | null> {
  if (asking.caller.kind === 'server') return null;
  const person = await callerPerson(asking);
  if (person.role === 'guest') throw notAllowed('guests cannot search users');
  const { multiTenant } = await asking.policy.sources.app(asking.tx);
  return multiTenant ? person.teams : null;
}
