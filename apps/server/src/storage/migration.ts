import type { Engine } from './database.ts';

/** One numbered step; `json` is the engine's type for JSON columns. */
export interface Migration {
  /** Four digits, growing. */
  id: string;
  name: string;
  statements: (json: 'text' | 'jsonb', engine: Engine) => string[];
}

/** Runs first in a migration on PostgreSQL: filling an index may take longer than any statement should later. */
export const STATEMENT_WITHOUT_LIMIT = 'set local statement_timeout = 0';
