import { describe } from 'vitest';
import { lifecycleSuite } from './lifecycle.suite.ts';
import type { TestEngine } from './test-databases.ts';
import { suiteStore } from './test-store.ts';
import { transactionSuite } from './transactions.suite.ts';
import { valueSuite } from './values.suite.ts';

/** What every store promises (docs/spec/storage.md), as a function of the engine. */
export function databaseSuite(engine: TestEngine): void {
  describe(engine.name, () => {
    const store = suiteStore(engine);
    transactionSuite(store);
    valueSuite(store);
    lifecycleSuite(store);
  });
}
