import type { Engine } from './database.ts';

/** One numbered step; `json` is the engine's type for JSON columns. */
export interface Migration {
  /** Four digits, growing. */
  id: string;
  name: string;
  statements: (json: 'text' | 'jsonb', engine: Engine) => string[];
}
