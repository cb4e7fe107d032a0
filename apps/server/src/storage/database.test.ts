import { databaseSuite } from './database.suite.ts';
import { testEngines } from './test-databases.ts';

for (const engine of testEngines) databaseSuite(engine);
