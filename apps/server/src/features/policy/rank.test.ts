import { BUILT_IN_ROLE_NAMES, BUILT_IN_ROLES, type UserId } from '@callgate/contract';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../kernel/errors.ts';
import { demandOutranks, highestRank, type RankedActor } from './rank.ts';
import { roleName } from './test-facts.ts';

const ANN = 'ann' as UserId;
const BOB = 'bob' as UserId;
const ranks = new Map<string, number>([
  ...BUILT_IN_ROLE_NAMES.map((name) => [name, BUILT_IN_ROLES[name].rank] as const),
  ['trainee', 100],
  ['deputy', 399],
]);

const outcome = (actor: RankedActor, target: { id: UserId; rank: number }): string => {
  try {
    demandOutranks(actor, target, 'user_id');
    return 'allowed';
  } catch (error) {
    if (error instanceof ApiError) return [error.kind, ...Object.keys(error.fields ?? {})].join(' ');
    throw error;
  }
};

describe('rank', () => {
  const pairs = [...ranks].flatMap((mine) => [...ranks].map((theirs) => [...mine, ...theirs] as const));
  it.each(pairs)('[PRM23] %s (%i) on %s (%i)', (_mine, mine, _theirs, theirs) => {
    const expected = mine > theirs ? 'allowed' : 'not_allowed';
    expect(outcome({ kind: 'user', id: ANN, rank: mine }, { id: BOB, rank: theirs })).toBe(expected);
  });

  it.each([...ranks])(
    '[PRM23] a %s (%i) does nothing to themselves, and the field is named',
    (_role, rank) => {
      expect(outcome({ kind: 'user', id: ANN, rank }, { id: ANN, rank })).toBe('input user_id');
      expect(outcome({ kind: 'user', id: ANN, rank }, { id: ANN, rank: rank - 1 })).toBe('input user_id');
    },
  );

  it('[PRM23] an anonymous caller has a rank and no exemption', () => {
    expect(outcome({ kind: 'user', id: null, rank: 0 }, { id: BOB, rank: 0 })).toBe('not_allowed');
    expect(outcome({ kind: 'user', id: null, rank: 200 }, { id: BOB, rank: 0 })).toBe('allowed');
  });

  it.each([...ranks])('[PRM23] a server token acts on a %s (%i)', (_role, rank) => {
    expect(outcome({ kind: 'server' }, { id: BOB, rank })).toBe('allowed');
  });

  it('[PRM24] is the highest of the roles, and 0 for roles that are unknown', () => {
    const of = (...names: string[]) =>
      highestRank(names.map(roleName), new Map([...ranks].map(([name, rank]) => [roleName(name), rank])));
    expect(of()).toBe(0);
    expect(of('gone')).toBe(0);
    expect(of('user', 'host')).toBe(200);
    expect(of('moderator', 'host', 'user')).toBe(300);
    expect(of('user', 'gone', 'trainee')).toBe(100);
  });
});
