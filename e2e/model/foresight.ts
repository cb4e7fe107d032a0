import type { Command } from './commands.ts';
import { elapse, sweep } from './expected.ts';
import { rule } from './expected-rest.ts';
import { firstModel, type Model } from './state.ts';

/** The model after the commands so far, and what the last one came to. */
export interface Foresight {
  model: Model;
  outcome: string;
}
export const newForesight = (): Foresight => ({ model: firstModel(0), outcome: '' });

/** Between two commands, ms; as the histories run. */
const STEP_MS = 1000;

/** What a command would come to. `before` stays as it is. */
function foresee({ model }: Foresight, command: Command): Foresight {
  const after = structuredClone(model);
  after.now += STEP_MS;
  elapse(after);
  const { status, code, audits } = rule(after, command);
  elapse(after);
  sweep(after);
  const answer = code === undefined ? `${status}` : `${status}/${code}`;
  return { model: after, outcome: `${command.name} ${answer}${audits > 0 ? ' changed' : ''}` };
}

/**
 * Of several commands the one whose outcome came least often after the last one's, and of such the one whose outcome
 * came least often at all. Counts it.
 */
export function leastSeen(
  before: Foresight,
  choices: readonly Command[],
  counts: Map<string, number>,
): { command: Command; foresight: Foresight } {
  const weighed = choices.map((command) => {
    const foresight = foresee(before, command);
    const keys = [`${before.outcome}>${foresight.outcome}`, foresight.outcome];
    return { command, foresight, keys, seen: keys.map((key) => counts.get(key) ?? 0) };
  });
  const order = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((found, count, at) => found || count - (b[at] ?? 0), 0);
  const best = weighed.toSorted((a, b) => order(a.seen, b.seen))[0];
  if (!best) throw new Error('nothing to choose from');
  for (const key of best.keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return best;
}
