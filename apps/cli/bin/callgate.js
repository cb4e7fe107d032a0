#!/usr/bin/env node
// Plain JavaScript that old versions of Node can read: with one of them, the same command runs again on the Node
// that the workspace pins.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const NEEDED = 24;
const RERUN = 'CALLGATE_CLI_RERUN';

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  delete process.env[RERUN];
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv);
} else {
  process.exitCode = rerun();
}

function rerun() {
  if (process.env[RERUN] !== undefined) return refuse();
  const script = process.argv[1];
  const env = { ...process.env, [RERUN]: '1' };
  const { status, error } = spawnSync(pinnedNode(), [script, ...process.argv.slice(2)], {
    env,
    stdio: 'inherit',
  });
  return error ? refuse() : (status ?? 1);
}

function pinnedNode() {
  try {
    return createRequire(import.meta.url).resolve('node/bin/node');
  } catch {
    return 'node';
  }
}

function refuse() {
  process.stderr.write(
    `callgate needs Node ${NEEDED} or newer; this is ${process.version}. Run "npm ci" in the folder of Callgate, or install Node ${NEEDED}.\n`,
  );
  return 1;
}
