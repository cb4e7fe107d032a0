import { expect } from 'vitest';
import { testSeed } from '../../scripts/test-counts.ts';
import { answered, type Outcome } from './attempt.ts';
import type { Way } from './routes.ts';

/** What came of one way back. */
export interface Row {
  before: number;
  /** Refused attempts by their cause. */
  refused: Map<string, number>;
  /** What says nothing of policy: none of the attempts that count. */
  apart: Map<string, number>;
  after: number;
}

/** The gateway's own reasons: the session is unknown, or was removed while its client came in. */
const GATEWAY: readonly string[] = ['unknown_session', 'gone', 'removed'];

export type Tally = ReturnType<typeof createTally>;

/** Counts what comes of attempts, and throws when one gets in that must not, or is refused for another cause. */
export function createTally() {
  const rows = new Map<string, Row>();
  const deeds = new Set<string>();
  let attempts = 0;
  const row = (name: string): Row => {
    const found = rows.get(name) ?? { before: 0, refused: new Map(), apart: new Map(), after: 0 };
    rows.set(name, found);
    return found;
  };
  const saysNothing = (name: string, cause: string): void => add(row(name).apart, cause);
  const noteRefused = (deed: string, name: string, reasons: readonly string[], outcome: Outcome): void => {
    const told = `${name} after ${deed} (seed ${testSeed()})`;
    if (outcome.kind === 'admitted') throw new Error(`let in: ${told}`);
    if (outcome.kind === 'void') {
      saysNothing(name, outcome.cause);
      return;
    }
    if (![...reasons, ...GATEWAY].includes(outcome.reason))
      throw new Error(`refused as ${outcome.cause}: ${told}`);
    deeds.add(deed);
    attempts++;
    add(row(name).refused, outcome.cause);
  };
  return {
    rows,
    deeds,
    attempts: () => attempts,
    saysNothing,
    noteRefused,
    /** Tries a way until policy answers, which must refuse. */
    async refused(deed: string, name: string, { reasons }: Way, go: () => Promise<Outcome>): Promise<void> {
      noteRefused(deed, name, reasons, await answered(go, (cause) => saysNothing(name, cause)));
    },
    /** Tries a way until policy answers, which must let in. */
    async admitted(when: 'before' | 'after', name: string, go: () => Promise<Outcome>): Promise<void> {
      const answer = await answered(go, (cause) => saysNothing(name, cause));
      expect(answer.kind, `${name}, ${when} the act: ${JSON.stringify(answer)}`).toBe('admitted');
      row(name)[when]++;
    },
    /** So many were let in otherwise. */
    letIn(when: 'before' | 'after', name: string, times: number): void {
      row(name)[when] += times;
    },
    /** Every way that was refused has let the harness in before and after. */
    demandControls(): void {
      const empty = [...rows].filter(
        ([, { before, refused, after }]) => refused.size > 0 && !(before && after),
      );
      expect(empty.map(([name]) => name)).toEqual([]);
    },
  };
}

function add(counts: Map<string, number>, cause: string): void {
  counts.set(cause, (counts.get(cause) ?? 0) + 1);
}

/** All rows' causes together, the most frequent first. */
export function causesOf(rows: Iterable<Row>, which: 'refused' | 'apart'): [cause: string, count: number][] {
  const all = new Map<string, number>();
  for (const row of rows) {
    for (const [cause, count] of row[which]) all.set(cause, (all.get(cause) ?? 0) + count);
  }
  return [...all].sort(([one, a], [other, b]) => b - a || one.localeCompare(other));
}
