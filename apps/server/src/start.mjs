import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';

/*
 * What `npm start` runs: main.ts, with what Node made of our sources kept beside the packages, so that every start but
 * the first neither strips types nor compiles: 0.15 s less, and 20 MB less memory, because Node's stripper is never
 * loaded. That is why this file is JavaScript. Not in the folder for temporary files, Node's default, where others
 * could write. Without the right to write there the server starts as ever.
 */
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/callgate'));
await import('./main.ts');
// Written now: a process that is killed would leave nothing to the next.
flushCompileCache();
