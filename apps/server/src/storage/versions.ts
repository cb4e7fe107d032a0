import { randomInt } from 'node:crypto';
import type { Handle, Tx } from './database.ts';
import { prepared } from './prepared.ts';
import type { VersionsTable } from './tables.ts';

type VersionName = VersionsTable['name'];
type Versions = ReadonlyMap<VersionName, number>;

const selectVersions = prepared<Record<never, never>, VersionsTable>((db) =>
  db.selectFrom('versions').selectAll(),
);
const updateVersion = prepared<{ name: VersionName; version: number }, never>((db, p) =>
  db
    .updateTable('versions')
    .set({ version: p('version') })
    .where('name', '=', p('name')),
);

/** One read of the versions per state, and one per transaction, which knows of its own changes (`dirty`). */
const seen = new WeakMap<object, Promise<Versions>>();
/** Transactions that changed a cached table: what they read must not enter the shared cache before the commit. */
const dirty = new WeakMap<Handle, Set<VersionName>>();

function versionsOf(handle: Handle): Promise<Versions> {
  const known = (handle.state && seen.get(handle.state)) ?? seen.get(handle);
  if (known !== undefined) return known;
  const read = selectVersions
    .all(handle, {})
    .then((rows) => new Map(rows.map((row) => [row.name, row.version])));
  seen.set(handle, read);
  if (handle.state) seen.set(handle.state, read);
  return read;
}

/**
 * Says that a cached table changes in this transaction. The version is a fresh random number and compared for
 * equality only, so a rolled-back change or a restored backup can never look like the cached one.
 */
export async function bumpVersion(tx: Tx, name: VersionName): Promise<void> {
  seen.delete(tx);
  const names = dirty.get(tx) ?? new Set();
  dirty.set(tx, names.add(name));
  await updateVersion.all(tx, { name, version: randomInt(1, 2 ** 47) });
}

/**
 * A small table kept in memory and checked against its version in the reader's own snapshot: never stale, one
 * point read instead of the table. For tables of at most some hundred rows.
 */
export function versioned<T>(
  name: VersionName,
  load: (handle: Handle) => Promise<T>,
): (handle: Handle) => Promise<T> {
  let cached: { version: number; value: T } | undefined;
  return async (handle) => {
    if (dirty.get(handle)?.has(name)) return load(handle);
    const version = (await versionsOf(handle)).get(name);
    if (version === undefined) throw new Error(`no version row "${name}"`);
    if (cached?.version === version) return cached.value;
    const value = await load(handle);
    cached = { version, value };
    return value;
  };
}
