import fc from 'fast-check';
import { type Command, printed } from './commands.ts';
import { type Coverage, generate } from './generate.ts';
import { cleanUp, type Run, takeStep } from './history.ts';
import type { Model } from './state.ts';

/** One command of a history, done on the server and on the model. */
const step = (command: Command): fc.AsyncCommand<Model, Run> => ({
  check: () => true,
  async run(_model, run) {
    const lines = await takeStep(run, command);
    if (lines.length > 0) throw new Error(lines.join('\n'));
  },
  toString: () => printed([command]),
});

/** Runs a history from a beginning; throws where the server and the model part. */
export async function holdHistory(begin: () => Promise<Run>, history: readonly Command[]): Promise<void> {
  const run = await begin();
  await fc.asyncModelRun(() => ({ model: run.model, real: run }), history.map(step));
  await cleanUp(run);
}

/**
 * Histories of `steps` commands for fast-check, whose seed decides them; what they cover is noted in `coverage`. Not
 * `fc.commands`: each command is drawn with an eye on the one before it, so that every ordered pair comes up within
 * some hundred histories (`generate.ts`), and a failing history is shortened on servers of its own (`shrink.ts`).
 */
export const histories = (steps: number, coverage: Coverage): fc.Arbitrary<Command[]> =>
  fc.noShrink(fc.nat({ max: 2 ** 31 - 1 })).map((seed) => generate(seed, steps, coverage));
