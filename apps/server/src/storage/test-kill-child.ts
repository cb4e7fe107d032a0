import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import { put } from './test-scratch.ts';

/*
 * Test support: the process that is killed. `node test-kill-child.ts <engine> <location> <first number>` writes
 * rows n1, n2... from several lanes at once and prints each number when its write has resolved.
 */
const [, , engine, location = '', first = '0'] = process.argv;
const LANES = 8;

const database =
  engine === 'sqlite'
    ? await openSqlite({ folder: location })
    : await openPostgres({ url: location, maxConnections: LANES });

let next = Number(first);
const lane = async (): Promise<never> => {
  for (;;) {
    const n = next++;
    await database.write((tx) => put(tx, `n${n}`, n));
    process.stdout.write(`${n}\n`);
  }
};
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: LANES }, lane));
