import { describe, expect, it, test } from 'vitest';
import { participantPolicy } from './participant-policy.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { pairs } from './test-compare.ts';
import { factsOf, HERE, NOW, roleName } from './test-facts.ts';
import { NOT_READ, POLICY_INPUTS } from './test-inputs.ts';
import { shown } from './test-oracle.ts';

const isBranch = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === '[object Object]';

/** Paths of the leaves; a table of grants, a list and a set are one leaf. */
const leavesOf = (value: Record<string, unknown>, at = ''): [string, unknown][] =>
  Object.entries(value).flatMap(([key, child]) =>
    isBranch(child) && key !== 'grants'
      ? leavesOf(child, `${at}${key}.`)
      : [[`${at}${key}`, child] as [string, unknown]],
  );

const comparable = (value: unknown): string =>
  JSON.stringify(value instanceof Set ? [...value].sort() : (value ?? null));

/** The facts as they are, with a note of every leaf that is read. */
function watched<T extends object>(facts: T, read: Set<string>, at = ''): T {
  return new Proxy(facts, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      const path = `${at}${String(key)}`;
      if (isBranch(value) && key !== 'grants') return watched(value, read, `${path}.`);
      read.add(path);
      return value;
    },
  });
}

const full: PolicyFacts = factsOf({
  token: { callCids: [HERE], role: roleName('host') },
  participation: { memberRole: roleName('call_member') },
  session: { epoch: 0, createdAt: NOW },
  hidden: false,
});
const FULL = leavesOf({ ...full }).map(([path]) => path);

describe('inputs of the policy', () => {
  it('[PRM25] every field of the facts is an input, or said to be carried only', () => {
    expect(FULL.sort()).toEqual([...Object.keys(POLICY_INPUTS), ...NOT_READ].sort());
  });

  test.each(Object.entries(POLICY_INPUTS))('[PRM25] %s alone changes the answer', (path, [one, other]) => {
    const [first, second] = [factsOf(one), factsOf(other)];
    const before = new Map(leavesOf({ ...first }));
    const after = new Map(leavesOf({ ...second }));
    const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
      (leaf) => comparable(before.get(leaf)) !== comparable(after.get(leaf)),
    );
    expect(differing).toEqual([path]);
    expect(shown(participantPolicy(first))).not.toBe(shown(participantPolicy(second)));
  });

  it('[PRM25] nothing else is read, and the same facts give the same answer', () => {
    const read = new Set<string>();
    for (const facts of [...pairs().situations, full]) {
      const answer = shown(participantPolicy(watched(facts, read)));
      expect(shown(participantPolicy(facts))).toBe(answer);
    }
    const leaves = new Set(Object.keys(POLICY_INPUTS));
    const branches = ['token', 'session', 'participation.memberRole'];
    expect([...read].filter((path) => !leaves.has(path) && !branches.includes(path))).toEqual([]);
    for (const path of NOT_READ) expect(read).not.toContain(path);
  });
});
