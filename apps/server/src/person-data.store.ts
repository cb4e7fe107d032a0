import type { UserId } from '@callgate/contract';
import { type RawBuilder, sql } from 'kysely';
import { FACTS_PAGE, type PersonFact, type PersonSource } from './features/users/index.ts';
import { toTime } from './kernel/clock.ts';
import type { Handle } from './storage/database.ts';
import { prepared } from './storage/prepared.ts';
import type { Tables } from './storage/tables.ts';

/** What tells the rows of one person in one call apart. */
const inCall = (part: 'capability' | 'kind'): RawBuilder<string> =>
  sql<string>`(cid || ' ' || ${sql.ref(part)})`;

/** A page of a table's rows of one person, by a key that no two of them share. */
function pageOf<T extends keyof Tables>(table: T, owner: string, key: RawBuilder<string>) {
  type Row = Tables[T] & { fact_key: string };
  const statement = prepared<{ user_id: UserId; after: string }, Row>((db, p) => ({
    compile: () =>
      sql<Row>`select ${sql.table(table)}.*, ${key} as fact_key from ${sql.table(table)}
        where ${sql.ref(owner)} = ${p('user_id')} and ${key} > ${p('after')}
        order by ${key} limit ${sql.lit(FACTS_PAGE)}`.compile(db),
  }));
  return (handle: Handle, user_id: UserId, after: string) => statement.all(handle, { user_id, after });
}

function source<T extends keyof Tables>(
  kind: PersonSource['kind'],
  page: (handle: Handle, userId: UserId, after: string) => Promise<(Tables[T] & { fact_key: string })[]>,
  tell: (row: Tables[T]) => Record<string, unknown>,
): PersonSource {
  return {
    kind,
    page: async (handle, userId, after) =>
      (await page(handle, userId, after)).map(
        (row): PersonFact => ({
          key: row.fact_key,
          data: withoutNulls(tell(row)),
        }),
      ),
  };
}

const withoutNulls = (data: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));

const time = (ms: number | null): string | null => (ms === null ? null : toTime(ms));

/**
 * What an export tells of a person beside their own row (rule TSK13). One file over the tables of many features,
 * because it is one question; what each row means is said where its feature is.
 */
export const PERSON_SOURCES: readonly PersonSource[] = [
  source<'user_addresses'>(
    'address',
    pageOf('user_addresses', 'user_id', sql.ref('address')),
    ({ address, first_seen_at, last_seen_at }) => ({
      address,
      first_seen_at: time(first_seen_at),
      last_seen_at: time(last_seen_at),
    }),
  ),
  source<'call_members'>(
    'membership',
    pageOf('call_members', 'user_id', sql.ref('cid')),
    ({ cid, role, custom, created_at, updated_at }) => ({
      ...{ call_cid: cid, role, custom: JSON.parse(custom) as unknown },
      ...{ created_at: time(created_at), updated_at: time(updated_at) },
    }),
  ),
  source<'bans'>('ban', pageOf('bans', 'target_user_id', sql.ref('id')), (row) => ({
    id: row.id,
    channel_cid: row.cid === '' ? null : row.cid,
    banned_by_id: row.banned_by_id,
    reason: row.reason,
    ip_ban: row.ip_ban === 1,
    shadow: row.shadow === 1,
    created_at: time(row.created_at),
    expires: time(row.expires_at),
  })),
  source<'user_blocks'>(
    'user_block',
    pageOf('user_blocks', 'user_id', sql.ref('blocked_user_id')),
    ({ blocked_user_id, created_at }) => ({ blocked_user_id, created_at: time(created_at) }),
  ),
  source<'call_blocks'>(
    'call_block',
    pageOf('call_blocks', 'user_id', sql.ref('cid')),
    ({ cid, blocked_by_id, created_at }) => ({ call_cid: cid, blocked_by_id, created_at: time(created_at) }),
  ),
  source<'call_grants'>('grant', pageOf('call_grants', 'user_id', inCall('capability')), (row) => ({
    call_cid: row.cid,
    capability: row.capability,
    state: row.state,
    changed_by_id: row.changed_by_id,
    changed_at: time(row.changed_at),
  })),
  source<'call_mutes'>('mute', pageOf('call_mutes', 'user_id', inCall('kind')), (row) => ({
    call_cid: row.cid,
    kind: row.kind,
    muted_by_id: row.muted_by_id,
    muted_at: time(row.muted_at),
  })),
  source<'permission_requests'>(
    'permission_request',
    pageOf('permission_requests', 'user_id', sql.ref('id')),
    (row) => ({
      ...{ id: row.id, call_cid: row.cid, permission: row.permission, state: row.state, reason: row.reason },
      answered_by_id: row.answered_by_id,
      created_at: time(row.created_at),
      answered_at: time(row.answered_at),
    }),
  ),
  source<'rings'>('ring', pageOf('rings', 'caller_id', sql.ref('id')), (row) => ({
    ...{ id: row.id, call_cid: row.cid, video: row.video === 1 },
    ...{ started_at: time(row.started_at), ended_at: time(row.ended_at), end_reason: row.end_reason },
  })),
  source<'ring_callees'>('ring_answer', pageOf('ring_callees', 'user_id', sql.ref('ring_id')), (row) => ({
    ...{ ring_id: row.ring_id, told: row.told === 1, answer: row.answer },
    ...{ answered_at: time(row.answered_at), missed_at: time(row.missed_at) },
  })),
  source<'media_sessions'>('session', pageOf('media_sessions', 'user_id', sql.ref('id')), (row) => ({
    ...{ id: row.id, call_cid: row.cid, state: row.state, role: row.shown_role, address: row.address },
    hidden: row.hidden === 1,
    created_at: time(row.created_at),
    joined_at: time(row.joined_at),
    ended_at: time(row.ended_at),
    end_reason: row.end_reason,
  })),
];
