import { describe, expect, it, test } from 'vitest';
import { participantPolicy } from './participant-policy.ts';
import { compare, compareAll, pairs } from './test-compare.ts';
import { factsOf, roleName, setOf } from './test-facts.ts';
import { MUTANTS } from './test-mutants.ts';
import { product, SLICES, TYPES } from './test-slices.ts';

describe('the policy and the document say the same', () => {
  const { situations, pairCount } = pairs();
  test(`[PRM25] over all ${pairCount} pairs of values, in ${situations.length} situations`, () => {
    const { cases, difference } = compare(participantPolicy, situations);
    expect(difference).toBe(undefined);
    expect(cases).toBe(situations.length);
  });

  for (const { name, dimensions } of SLICES) {
    const count = dimensions.reduce((product, values) => product * values.length, 1);
    test(`[PRM25] over all ${count} situations of ${name}`, () => {
      const { cases, difference } = compare(participantPolicy, product(dimensions));
      expect(difference).toBe(undefined);
      expect(cases).toBe(count);
    });
  }

  test.each(MUTANTS)('[PRM25] a policy is caught that $fault', ({ decide }) => {
    expect(compareAll(decide).difference).toBeDefined();
  });
});

describe('members only', () => {
  const membersOnly = TYPES.at(-1) ?? {};
  it('[PRM9] refuses people who are not members', () => {
    const policy = participantPolicy(factsOf(membersOnly));
    expect(policy.joinRefusal).toBe('no_capability');
    expect(policy.stayRefusal).toBe('no_capability');
  });

  it('[PRM9] refuses application moderators whom the type does not name', () => {
    const facts = factsOf({ ...membersOnly, person: { role: roleName('moderator'), rank: 300 } });
    expect(participantPolicy(facts).joinRefusal).toBe('no_capability');
  });

  it('[PRM9] lets members join, until join-call is revoked from one', () => {
    const memberRole = roleName('call_member');
    const member = factsOf({ ...membersOnly, participation: { memberRole } });
    expect(participantPolicy(member).joinRefusal).toBe(null);
    const revoked = setOf('join-call');
    const other = factsOf({ ...membersOnly, participation: { memberRole, revoked } });
    expect(participantPolicy(other).joinRefusal).toBe('no_capability');
  });
});

describe('role names', () => {
  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    '[PRM2] a role called %s that the type does not name grants nothing',
    (name) => {
      const facts = factsOf({ person: { role: roleName(name) } });
      const policy = participantPolicy(facts);
      expect(policy.capabilities.size).toBe(0);
      expect(policy.joinRefusal).toBe('no_capability');
    },
  );
});
