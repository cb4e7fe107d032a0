import { expect, test } from 'vitest';
import { createRounds } from './rounds.ts';

/** A round that ends when the test says so. */
function steppedRounds() {
  const begun: (() => void)[] = [];
  const failures: unknown[] = [];
  const rounds = createRounds(
    () => new Promise<void>((done) => void begun.push(done)),
    (error) => failures.push(error),
  );
  return { rounds, begun, failures };
}

test('asks during a round share the next one, which begins after it', async () => {
  const { rounds, begun } = steppedRounds();
  const first = rounds.run();
  await Promise.resolve();
  rounds.wake();
  const second = rounds.run();
  expect(begun).toHaveLength(1);
  begun[0]?.();
  await first;
  await Promise.resolve();
  expect(begun).toHaveLength(2);
  begun[1]?.();
  await second;
  expect(begun).toHaveLength(2);
});

test('a failed round is told once, and the next one runs', async () => {
  const failures: unknown[] = [];
  let calls = 0;
  const work = async () => {
    calls += 1;
    if (calls === 1) throw new Error('no disk');
  };
  const rounds = createRounds(work, (error) => failures.push(error));
  rounds.wake();
  await rounds.run().catch(() => undefined);
  await rounds.run();
  expect(failures).toEqual([new Error('no disk')]);
  expect(calls).toBeGreaterThan(1);
});
