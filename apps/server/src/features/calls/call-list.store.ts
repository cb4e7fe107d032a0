import type { CallTypeName, RoleName, UserId } from '@callgate/contract';
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Engine, Handle } from '../../storage/database.ts';
import { flagField, objectField, type ScalarField, textField, timeField } from '../../storage/filter.ts';
import { jsonFlag } from '../../storage/json-path.ts';
import {
  idKey,
  type ListRequest,
  type ListShape,
  nullableNumberKey,
  numberKey,
  type Page,
  planPage,
} from '../../storage/page.ts';
import { builderOf, inList } from '../../storage/prepared.ts';
import type { CallRow } from './calls.store.ts';

/** In backstage as replies show it: never while the settings in force say that there is none. */
const backstage = (engine: Engine): RawBuilder<unknown> => {
  const path = ['backstage', 'enabled'];
  const own = jsonFlag(engine, sql.ref('calls.settings_override'), path);
  const typed = jsonFlag(engine, sql.ref('call_types.settings'), path);
  return sql`(case when calls.backstage = 1 and coalesce(${own}, (select ${typed} from call_types where call_types.name = calls.type)) = 1 then 1 else 0 end)`;
};
/** Somebody is in the call now. */
const ongoing = sql`(case when calls.session_id is not null and calls.session_emptied_at is null
  and (calls.ended_at is null or calls.session_started_at > calls.ended_at) then 1 else 0 end)`;

const flagOf = (value: ScalarField['value']): ScalarField => ({ type: 'flag', value });
const isMember = (engine: Engine, ids: readonly string[]): Expression<SqlBool> =>
  sql`exists (select 1 from call_members as listed where listed.cid = calls.cid and ${inList(engine, 'listed.user_id', sql`${JSON.stringify(ids)}`)})`;

const CALLS: ListShape = {
  name: 'calls',
  fields: {
    id: textField('calls.id'),
    cid: textField('calls.cid'),
    type: textField('calls.type'),
    team: textField('calls.team'),
    created_by_user_id: textField('calls.created_by_id'),
    created_at: timeField('calls.created_at'),
    updated_at: timeField('calls.updated_at'),
    starts_at: timeField('calls.starts_at'),
    ended_at: timeField('calls.ended_at'),
    backstage: flagOf(backstage),
    ongoing: flagOf(() => ongoing),
    video: flagField('calls.video'),
    members: {
      type: 'list',
      hasAny: isMember,
      hasElements: () => sql`exists (select 1 from call_members as listed where listed.cid = calls.cid)`,
    },
    custom: objectField('calls.custom'),
  },
  sorts: {
    id: idKey('calls.id'),
    cid: idKey('calls.cid'),
    type: idKey('calls.type'),
    created_at: numberKey('calls.created_at'),
    updated_at: numberKey('calls.updated_at'),
    starts_at: nullableNumberKey('calls.starts_at'),
    ended_at: nullableNumberKey('calls.ended_at'),
  },
  defaultSort: [{ field: 'created_at', direction: -1 }],
  tieBreaker: 'cid',
};

/** What decides in the database whether somebody may read a call; policy is asked again for each call found. */
export interface Readable {
  userId: UserId;
  now: number;
  /** Types whose calls the application role may read. */
  types: readonly CallTypeName[];
  /** `type role` pairs whose call role may read. */
  pairs: readonly string[];
  /** Calls that the token's role claim may read. */
  claimed: readonly string[];
  /** The person's teams; null: teams do not matter. */
  teams: readonly string[] | null;
}

/** A page of calls, of those that may be read when `readable` says whose. Throws 400/4 as `planPage`. */
export async function listCalls(
  handle: Handle,
  request: ListRequest,
  readable: Readable | undefined,
): Promise<Page<CallRow>> {
  const { engine } = handle;
  const plan = planPage(CALLS, engine, request);
  let query = plan.apply(builderOf(engine).selectFrom('calls').selectAll('calls'));
  if (readable) query = query.where(readableBy(engine, readable));
  return plan.finish(await handle.run(query.compile()));
}

function readableBy(engine: Engine, who: Readable): RawBuilder<SqlBool> {
  const among = (value: Expression<unknown>, texts: readonly string[]) =>
    inList(engine, value, sql`${JSON.stringify(texts)}`);
  const mine = sql`from call_grants as g where g.cid = calls.cid and g.user_id = ${who.userId} and g.capability = 'read-call'`;
  const membership = sql`from call_members as m where m.cid = calls.cid and m.user_id = ${who.userId}`;
  const granted = sql`(${among(sql`calls.type`, who.types)}
    or ${among(sql`calls.cid`, who.claimed)}
    or exists (select 1 ${membership} and ${among(sql`(calls.type || ' ' || m.role)`, who.pairs)})
    or (calls.created_by_id = ${who.userId} and ${among(sql`(calls.type || ' host')`, who.pairs)}
      and not exists (select 1 ${membership}))
    or exists (select 1 ${mine} and g.state = 'granted'))`;
  const team =
    who.teams === null
      ? sql`1 = 1`
      : who.teams.length === 0
        ? sql`calls.team is null`
        : sql`${among(sql`calls.team`, who.teams)}`;
  return sql`(${granted} and ${team}
    and not exists (select 1 ${mine} and g.state = 'revoked')
    and not exists (select 1 from call_blocks as b where b.cid = calls.cid and b.user_id = ${who.userId})
    and not exists (select 1 from bans as x where x.target_user_id = ${who.userId} and x.cid = calls.cid
      and x.shadow = 0 and (x.expires_at is null or x.expires_at > ${who.now})))`;
}

/** A role's name next to a type's, as `Readable.pairs` has it. */
export const pairOf = (type: CallTypeName, role: RoleName | string): string => `${type} ${role}`;
