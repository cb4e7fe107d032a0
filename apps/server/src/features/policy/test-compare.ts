import type { ParticipantPolicy } from './participant-policy.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { factsOf, type Situation } from './test-facts.ts';
import { expected, shown } from './test-oracle.ts';
import { both, type Dimension, EVERYTHING, product, SLICES } from './test-slices.ts';

/** A policy function: the real one, or one with a planted fault. */
export type Decide = (facts: PolicyFacts) => ParticipantPolicy;

export interface Comparison {
  cases: number;
  /** The first situation in which the function and the document differ. */
  difference: { facts: PolicyFacts; policy: string; document: string } | undefined;
}

/** Compares a policy function with the document over situations, until the first difference. */
export function compare(decide: Decide, situations: Iterable<PolicyFacts>): Comparison {
  let cases = 0;
  for (const facts of situations) {
    cases++;
    const document = expected(facts);
    const policy = shown(decide(facts));
    if (policy !== document) return { cases, difference: { facts, policy, document } };
  }
  return { cases, difference: undefined };
}

/** The same over everything that the suite knows: all pairs, then each slice. */
export function compareAll(decide: Decide): Comparison {
  let cases = 0;
  const parts = [pairs().situations, ...SLICES.map(({ dimensions }) => product(dimensions))];
  for (const part of parts) {
    const found = compare(decide, part);
    cases += found.cases;
    if (found.difference) return { cases, difference: found.difference };
  }
  return { cases, difference: undefined };
}

/**
 * Situations in which every two values of different dimensions occur together, over all dimensions. Each is seeded
 * with one pair that was not seen yet. Three in four of the other values are the first of their dimension, the
 * ordinary one: otherwise some reason would always refuse everything and hide the rest.
 */
export function pairs(dimensions: readonly Dimension[] = EVERYTHING): {
  situations: PolicyFacts[];
  pairCount: number;
} {
  const missing = allPairs(dimensions);
  const pairCount = missing.size;
  const next = numbers();
  const situations: PolicyFacts[] = [];
  for (const pair of missing) {
    const chosen = dimensions.map((values) => (next() % 4 === 0 ? next() % values.length : 0));
    for (const place of pair.split('/')) {
      const [dimension = 0, value = 0] = place.split('.').map(Number);
      chosen[dimension] = value;
    }
    for (const seen of pairsOf(chosen)) missing.delete(seen);
    situations.push(factsOf(situationOf(dimensions, chosen)));
  }
  return { situations, pairCount };
}

function allPairs(dimensions: readonly Dimension[]): Set<string> {
  const places = dimensions.map((values, at) => [...values.keys()].map((value) => `${at}.${value}`));
  const found = new Set<string>();
  for (const [at, first] of places.entries())
    for (const second of places.slice(at + 1))
      for (const pair of first.flatMap((x) => second.map((y) => `${x}/${y}`))) found.add(pair);
  return found;
}

const pairsOf = (chosen: readonly number[]): string[] =>
  chosen.flatMap((x, i) => chosen.slice(i + 1).map((y, later) => `${i}.${x}/${i + 1 + later}.${y}`));

const situationOf = (dimensions: readonly Dimension[], chosen: readonly number[]): Situation =>
  dimensions.reduce<Situation>((sum, values, at) => both(sum, values[chosen[at] ?? 0] ?? {}), {});

/** A fixed sequence (mulberry32). */
function numbers(): () => number {
  let state = 20_260_301;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
