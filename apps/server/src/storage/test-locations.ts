import type { Database, StorageHooks } from './database.ts';

/** Where the databases of an engine come from in tests. */
export interface Locations {
  /** A place without a schema, or a database with the current one. */
  make(kind: 'empty' | 'migrated'): Promise<string>;
  open(location: string, hooks: StorageHooks | undefined): Promise<Database>;
  /** Removes an empty location and whatever it became. */
  discard(location: string): Promise<void>;
  /** Takes a migrated database back when it is closed. */
  recycle(location: string): Promise<void>;
}
