import type { TestEngine } from '@callgate/server/storage/test-databases.ts';
import type { Command } from './commands.ts';
import { type Disagreement, runHistory } from './history.ts';
import { openWorld, type Patch } from './world.ts';

/** Runs a history in a world of its own. */
export async function runAlone(
  engine: TestEngine,
  history: readonly Command[],
  fault?: Patch,
): Promise<Disagreement | undefined> {
  const world = await openWorld(engine, fault);
  try {
    return await runHistory(world, history);
  } finally {
    await world.discard();
  }
}
