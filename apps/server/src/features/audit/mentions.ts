import type { SealedRecord } from './audit-record.ts';

/** Keys whose values are words of the application, not ids: a user may be called `admin` or `granted`. */
const WORDS: ReadonlySet<string> = new Set([
  'role',
  'name',
  'type',
  'kind',
  'state',
  'status',
  'language',
  'permission',
  'capability',
  'team',
]);

/** Whether the before or after of a record speaks of one of these users: an id as a value, or as a key of `user.*` acts. */
export function mentionsAny(
  record: Pick<SealedRecord, 'action' | 'before' | 'after'>,
  ids: ReadonlySet<string>,
): boolean {
  const values = [record.before, record.after].map((text) => (text === null ? null : JSON.parse(text)));
  const isByUser = record.action.startsWith('user.');
  return values.some((value) => (isByUser && hasKey(value, ids)) || hasValue(value, ids));
}

const hasKey = (value: unknown, ids: ReadonlySet<string>): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).some((key) => ids.has(key));

function hasValue(value: unknown, ids: ReadonlySet<string>): boolean {
  if (typeof value === 'string') return ids.has(value);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => hasValue(item, ids));
  return Object.entries(value).some(([key, item]) => !WORDS.has(key) && hasValue(item, ids));
}
