import { createHash } from 'node:crypto';
import { filterError } from './filter-errors.ts';

/** The sort keys of one row. */
export type RowKeys = readonly (string | number)[];

/** What a cursor is bound to: which list, in which order, with which filter. */
export interface CursorScope {
  list: string;
  sort: unknown;
  filter: unknown;
}

const DIGEST_BYTES = 12;

/**
 * An opaque cursor: the sort keys of the row at the edge of a page with a digest over them and the query that
 * they belong to. Not a secret: whoever computes a digest of their own only chooses where in their own list to
 * start, because the keys are compared as values and the permissions are asked again on every page.
 */
export function encodeCursor(which: 'next' | 'prev', scope: CursorScope, keys: RowKeys): string {
  const body = Buffer.from(JSON.stringify(keys), 'utf8');
  return Buffer.concat([digestOf(which, scope, body), body]).toString('base64url');
}

/** The keys of a cursor; 400/4 naming `next` or `prev` when it is damaged or belongs to another query. */
export function decodeCursor(
  which: 'next' | 'prev',
  scope: CursorScope,
  text: string,
  types: readonly ('text' | 'number')[],
): RowKeys {
  const bytes = Buffer.from(text, 'base64url');
  const body = bytes.subarray(DIGEST_BYTES);
  const isOurs =
    bytes.toString('base64url') === text &&
    bytes.length > DIGEST_BYTES &&
    digestOf(which, scope, body).equals(bytes.subarray(0, DIGEST_BYTES));
  const keys = isOurs ? keysIn(body, types) : undefined;
  if (!keys) throw filterError(which, 'does not belong to this query; start again without it');
  return keys;
}

function keysIn(body: Buffer, types: readonly ('text' | 'number')[]): RowKeys | undefined {
  let keys: unknown;
  try {
    keys = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(keys) || keys.length !== types.length) return undefined;
  const fits = keys.every((key, index) =>
    types[index] === 'number' ? Number.isSafeInteger(key) : typeof key === 'string',
  );
  return fits ? keys : undefined;
}

function digestOf(which: string, scope: CursorScope, body: Buffer): Buffer {
  const query = JSON.stringify([which, scope.list, scope.sort, canonical(scope.filter)]);
  return createHash('sha256').update(query).update(body).digest().subarray(0, DIGEST_BYTES);
}

/** The same value with keys in one order, so that a filter that was built anew is the same filter. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, canonical(item)]);
}
