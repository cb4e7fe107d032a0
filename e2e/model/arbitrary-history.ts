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
 * Histories for fast-check, whose seed decides them. Not `fc.commands`: each command is drawn with an eye on the one
 * before it, so that every ordered pair comes up within some hundred histories (`generate.ts`).
 */
class Histories extends fc.Arbitrary<Command[]> {
  readonly #steps: number;
  readonly #coverage: Coverage;

  constructor(steps: number, coverage: Coverage) {
    super();
    this.#steps = steps;
    this.#coverage = coverage;
  }

  override generate(random: fc.Random): fc.Value<Command[]> {
    return new fc.Value(generate(random.nextInt(0, 2 ** 31 - 1), this.#steps, this.#coverage), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Command[] {
    return Array.isArray(value);
  }

  /** Without a piece of it: halves first, single commands last. */
  override shrink(history: Command[]): fc.Stream<fc.Value<Command[]>> {
    return fc.stream(withoutPieces(history)).map((shorter) => new fc.Value(shorter, undefined));
  }
}

function* withoutPieces(history: readonly Command[]): Generator<Command[]> {
  for (let size = Math.floor(history.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = history.length - size; from >= 0; from -= size) yield history.toSpliced(from, size);
  }
}

/** Histories of `steps` commands; what they cover is noted in `coverage`. */
export const histories = (steps: number, coverage: Coverage): fc.Arbitrary<Command[]> =>
  new Histories(steps, coverage);
