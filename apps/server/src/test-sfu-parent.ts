import { readFileSync } from 'node:fs';
import { startEmbeddedSfu } from './embedded-sfu.ts';
import { createLogger } from './kernel/logger.ts';

/** A process with an embedded media server, to be killed: entry and settings come over stdin, it answers pid and URL. */
const { entry, settings } = JSON.parse(readFileSync(0, 'utf8'));
const sfu = await startEmbeddedSfu({ entry, settings, logger: createLogger({ level: 'silent' }) });
process.stdout.write(`${JSON.stringify({ pid: sfu.pid, url: sfu.url })}\n`);
