import { afterEach, beforeEach } from 'vitest';
import type { Database, StorageHooks } from './database.ts';
import type { TestEngine } from './test-databases.ts';
import { createScratch } from './test-scratch.ts';

/** What the parts of the contract suite share. */
export interface SuiteStore {
  engine: TestEngine;
  /** A fresh database with the table `scratch` in each test. */
  db: Database;
  /** Set `at` within a test; it is forgotten afterwards. */
  hooks: { at: StorageHooks['at'] };
}

/** Registers the preparation of each test of the surrounding `describe`. */
export function suiteStore(engine: TestEngine): SuiteStore {
  const hooks: SuiteStore['hooks'] = { at: () => undefined };
  const db = engine.open({ hooks: { at: (point) => hooks.at(point) } });
  beforeEach(async () => {
    await createScratch(db);
  });
  afterEach(() => {
    hooks.at = () => undefined;
  });
  return { engine, db, hooks };
}
