import { isDeepStrictEqual } from 'node:util';
import {
  canonicalRole,
  LIMITS,
  type RoleName,
  type UserId,
  type UserPartialUpdate,
  type UserRequest,
} from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import type { UsersTable } from '../../storage/tables.ts';
import { ORDINARY_ROLE } from './user.ts';
import type { UserRow } from './users.store.ts';

/** A row that no ban and no socket is joined to. */
const NOTHING_JOINED = { ban_shadow: null, ban_expires_at: null, online_until: null } as const;

/** A user of whom nothing but the id is known yet. */
export const blankUser = (id: UserId, now: number): UserRow => ({
  id,
  role: ORDINARY_ROLE,
  name: null,
  image: null,
  custom: '{}',
  teams: '[]',
  language: '',
  invisible: 0,
  created_at: now,
  updated_at: now,
  last_active: null,
  deactivated_at: null,
  deactivated_by_id: null,
  deleted_at: null,
  deletion: null,
  revoke_tokens_issued_before: null,
  guest_expires_at: null,
  ...NOTHING_JOINED,
});

/**
 * The user that a replacing request asks for: what it leaves out goes back to its default. A deleted user starts
 * anew (not deactivated) and its older tokens stay refused. Returns `existing` itself when nothing changes.
 */
export function replacedUser(
  existing: UserRow | undefined,
  asked: UserRequest,
  id: UserId,
  now: number,
): UserRow {
  const base = existing && existing.deleted_at === null ? existing : startedAnew(existing, id, now);
  const next: UserRow = {
    ...base,
    role: canonicalRole(asked.role ?? ORDINARY_ROLE),
    name: asked.name ?? null,
    image: asked.image ?? null,
    custom: JSON.stringify(asked.custom ?? {}),
    teams: JSON.stringify(uniqueOf(asked.teams ?? [])),
    language: asked.language ?? '',
    invisible: asked.invisible ? 1 : 0,
  };
  return changedRow(existing, next, now);
}

function startedAnew(tombstone: UserRow | undefined, id: UserId, now: number): UserRow {
  const blank = blankUser(id, now);
  if (!tombstone) return blank;
  const { ban_shadow, ban_expires_at, online_until, last_active, revoke_tokens_issued_before } = tombstone;
  const joined = { ban_shadow, ban_expires_at, online_until };
  const revoked = Math.max(now, revoke_tokens_issued_before ?? 0);
  return { ...blank, ...joined, last_active, revoke_tokens_issued_before: revoked };
}

/**
 * The user after a partial update: `set` replaces fields and merges `custom` key by key, `unset` puts fields back
 * to their defaults. Returns `existing` itself when nothing changes. Throws 400/4 naming `path` and the field.
 */
export function mergedUser(
  existing: UserRow,
  { set = {}, unset = [] }: Omit<UserPartialUpdate, 'id'>,
  path: string,
  now: number,
): UserRow {
  demandDisjoint(set, unset, path);
  const revoked = set.revoke_tokens_issued_before;
  const cleared = clearedUser(existing, unset);
  const next: UserRow = {
    ...cleared,
    ...(set.role !== undefined && { role: canonicalRole(set.role) }),
    ...(set.name !== undefined && { name: set.name }),
    ...(set.image !== undefined && { image: set.image }),
    ...(set.teams !== undefined && { teams: JSON.stringify(uniqueOf(set.teams)) }),
    ...(set.language !== undefined && { language: set.language }),
    ...(set.invisible !== undefined && { invisible: set.invisible ? (1 as const) : (0 as const) }),
    ...(set.custom !== undefined && { custom: mergedCustom(cleared.custom, set.custom) }),
    ...(revoked !== undefined && {
      revoke_tokens_issued_before: revoked === null ? null : Date.parse(revoked),
    }),
  };
  demandCustomFits(next.custom, `${path}.set.custom`);
  return changedRow(existing, next, now);
}

/** 400/4 naming the field when `custom` as JSON is longer than 5 KB. */
export function demandCustomFits(custom: string, field: string): void {
  if (Buffer.byteLength(custom) <= LIMITS.customBytes) return;
  throw inputError(field, `takes at most ${LIMITS.customBytes} bytes as JSON`);
}

const CUSTOM_KEY = 'custom.';

function demandDisjoint(
  set: NonNullable<UserPartialUpdate['set']>,
  unset: readonly string[],
  path: string,
): void {
  unset.forEach((name, index) => {
    const isBoth = name.startsWith(CUSTOM_KEY)
      ? Object.hasOwn(set.custom ?? {}, name.slice(CUSTOM_KEY.length))
      : Object.hasOwn(set, name);
    if (isBoth) throw inputError(`${path}.unset.${index}`, `"${name}" cannot be set and unset at once`);
  });
}

function clearedUser(existing: UserRow, unset: readonly string[]): UserRow {
  const next = { ...existing };
  const blank = blankUser(existing.id, 0);
  const custom = new Map(Object.entries(JSON.parse(existing.custom) as Record<string, unknown>));
  for (const name of unset) {
    if (name.startsWith(CUSTOM_KEY)) custom.delete(name.slice(CUSTOM_KEY.length));
    else if (name === 'custom') custom.clear();
    else if (isClearable(name)) Object.assign(next, { [name]: blank[name] });
  }
  return { ...next, custom: JSON.stringify(Object.fromEntries(custom)) };
}

const CLEARABLE = ['name', 'image', 'teams', 'language', 'invisible', 'revoke_tokens_issued_before'] as const;
const isClearable = (name: string): name is (typeof CLEARABLE)[number] =>
  (CLEARABLE as readonly string[]).includes(name);

/** `Object.fromEntries` defines keys, so that a key named `__proto__` stays a key. */
const mergedCustom = (custom: string, set: Record<string, unknown>): string =>
  JSON.stringify(
    Object.fromEntries([...Object.entries(JSON.parse(custom) as object), ...Object.entries(set)]),
  );

const uniqueOf = (names: readonly string[]): string[] => [...new Set(names)];

/** `existing` when the rows say the same, otherwise the new row with a new `updated_at`. */
export function changedRow(existing: UserRow | undefined, next: UserRow, now: number): UserRow {
  if (existing && isDeepStrictEqual(parsed(existing), parsed(next))) return existing;
  return { ...next, updated_at: now };
}

/** JSON columns as values: PostgreSQL gives their keys back in another order. */
const parsed = (row: UserRow) => ({
  ...row,
  custom: JSON.parse(row.custom) as unknown,
  teams: JSON.parse(row.teams) as unknown,
});

/** What policy reads of a user's row: when one of these changes, live sessions are looked at again. */
const POLICY_INPUTS = [
  'role',
  'deactivated_at',
  'deleted_at',
  'revoke_tokens_issued_before',
  'guest_expires_at',
] as const satisfies (keyof UsersTable)[];

/** What participants see of somebody: the media server is told of it too (api.md 0.11). */
const SHOWN = ['name', 'image'] as const satisfies (keyof UsersTable)[];

/** Whether the change bears on what the person may do, or how they are seen, in a call; somebody new is in none yet. */
export const changesPolicy = (before: UserRow | undefined, after: UserRow): boolean =>
  before !== undefined &&
  ([...POLICY_INPUTS, ...SHOWN].some((column) => before[column] !== after[column]) ||
    !isDeepStrictEqual(JSON.parse(before.teams), JSON.parse(after.teams)));

/** The fields of the row that the audit log tells, as far as they differ. */
export function auditedDifference(
  before: UserRow | undefined,
  after: UserRow,
): { before: Record<string, unknown> | null; after: Record<string, unknown> } {
  const old = before && parsed(before);
  const fresh = parsed(after);
  const changed = (Object.keys(fresh) as (keyof typeof fresh)[]).filter(
    (key) => !UNTOLD.has(key) && !isDeepStrictEqual(old?.[key], fresh[key]),
  );
  const pick = (row: typeof fresh) => Object.fromEntries(changed.map((key) => [key, row[key]]));
  return { before: old ? pick(old) : null, after: pick(fresh) };
}
const UNTOLD: ReadonlySet<string> = new Set(['updated_at', 'last_active', ...Object.keys(NOTHING_JOINED)]);

/** The role that a request names, in its stored spelling. */
export const askedRole = (role: string | undefined): RoleName =>
  role === undefined ? ORDINARY_ROLE : canonicalRole(role);
