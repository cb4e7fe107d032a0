import { sql } from 'kysely';
import type { Engine, Handle } from '../../storage/database.ts';
import {
  type FilterField,
  objectField,
  roleField,
  textField,
  textsField,
  timeField,
} from '../../storage/filter.ts';
import { jsonArrayHasAny, jsonArrayHasElements } from '../../storage/json-path.ts';
import {
  idKey,
  type ListRequest,
  type ListShape,
  nullableNumberKey,
  numberKey,
  type Page,
  planPage,
  textKey,
} from '../../storage/page.ts';
import { builderOf } from '../../storage/prepared.ts';
import { ONLINE_UNTIL, type UserRow } from './users.store.ts';

/** Who is listed. */
export interface UserScope {
  /** Bans are told as of this time; guests that ran out before it are not listed. Milliseconds. */
  now: number;
  includeDeactivated: boolean;
  /** Null: everybody. Otherwise people who share one of these teams; `[]`: people without a team. */
  teams: readonly string[] | null;
}

/** A ban of the whole application in force at `now`. */
const banField = (shadow: 0 | 1, now: number): FilterField => ({
  type: 'flag',
  value: () =>
    sql`(case when bans.shadow = ${shadow} and (bans.expires_at is null or bans.expires_at > ${now}) then 1 else 0 end)`,
});

const shapeAt = (now: number): ListShape => ({
  name: 'users',
  fields: {
    id: textField('users.id'),
    role: roleField('users.role'),
    name: textField('users.name'),
    teams: textsField('users.teams'),
    banned: banField(0, now),
    shadow_banned: banField(1, now),
    created_at: timeField('users.created_at'),
    updated_at: timeField('users.updated_at'),
    last_active: timeField('users.last_active'),
    deactivated_at: timeField('users.deactivated_at'),
    custom: objectField('users.custom'),
  },
  sorts: {
    id: idKey('users.id'),
    name: textKey('users.name'),
    role: textKey('users.role'),
    created_at: numberKey('users.created_at'),
    updated_at: numberKey('users.updated_at'),
    last_active: nullableNumberKey('users.last_active'),
  },
  defaultSort: [{ field: 'created_at', direction: -1 }],
  tieBreaker: 'id',
});

/** One page of users who are not deleted. Throws 400/4 naming what is wrong in the filter, sort or cursor. */
export async function listUsers(
  handle: Handle,
  request: ListRequest,
  scope: UserScope,
): Promise<Page<UserRow>> {
  const { engine } = handle;
  const plan = planPage(shapeAt(scope.now), engine, request);
  let query = builderOf(engine)
    .selectFrom('users')
    .leftJoin('bans', (join) => join.onRef('bans.target_user_id', '=', 'users.id').on('bans.cid', '=', ''))
    .selectAll('users')
    .select(['bans.shadow as ban_shadow', 'bans.expires_at as ban_expires_at'])
    .select(ONLINE_UNTIL)
    .where('users.deleted_at', 'is', null)
    .where((eb) =>
      eb.or([eb('users.guest_expires_at', 'is', null), eb('users.guest_expires_at', '>', scope.now)]),
    );
  if (!scope.includeDeactivated) query = query.where('users.deactivated_at', 'is', null);
  if (scope.teams !== null) query = query.where(inTeams(engine, scope.teams));
  return plan.finish(await handle.run(plan.apply(query).compile()));
}

function inTeams(engine: Engine, teams: readonly string[]) {
  const column = sql.ref('users.teams');
  return teams.length === 0
    ? sql<boolean>`(not ${jsonArrayHasElements(engine, column)})`
    : sql<boolean>`${jsonArrayHasAny(engine, column, teams)}`;
}
