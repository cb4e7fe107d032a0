import { monitorEventLoopDelay } from 'node:perf_hooks';
import { held } from './held.ts';

/*
 * Preloaded into the server that is measured: on SIGUSR2 it collects garbage and prints what it holds and how long its
 * loop has been blocked at most since the last time.
 */

/** Milliseconds between two looks at the loop; what a look came late is its delay. */
const RESOLUTION_MS = 1;
/** Collecting blocks the loop too: the next time begins when the look that came late by it is over. */
const AFTER_COLLECTING_MS = 50;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

process.on('SIGUSR2', () => {
  const blockedMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
  const found = { probe: true, blockedMs, ...held() };
  setTimeout(() => {
    delay.reset();
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }, AFTER_COLLECTING_MS);
});
