import type { Round } from './figures.ts';

/** A line of a table: what, and its figures as they are shown. */
export type Line = readonly string[];

/** One part of the report. */
export interface Part {
  title: string;
  /** What was done, in sentences. */
  text: string;
  head: Line;
  lines: Line[];
  targets: Target[];
}

/** A figure that is promised. */
export interface Target {
  name: string;
  wanted: string;
  measured: string;
  met: boolean;
}

const digits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);

export const ms = (value: number): string => `${digits(value)} ms`;
export const ratio = (value: number): string => value.toFixed(2);

/** The figures of a round as cells: per second, p50, p99. */
export const cells = (round: Round): Line => [digits(round.perSecond), ms(round.p50), ms(round.p99)];

/** Processor time of the server for each request: says more than the rate where machines are busy. */
export const processorTime = ({ processorUs = Number.NaN }: Round): string =>
  `${Math.round(processorUs).toLocaleString('en-US')} µs`;

export const atLeast = (name: string, measured: number, wanted: number): Target => ({
  name,
  wanted: `at least ${wanted}`,
  measured: ratio(measured),
  met: measured >= wanted,
});

export const under = (name: string, measured: number, wanted: number, unit: string): Target => ({
  name,
  wanted: `under ${wanted.toLocaleString('en-US')} ${unit}`,
  measured: `${digits(measured)} ${unit}`,
  met: measured < wanted,
});

/** Throws when an answer was not 2xx: figures of refusals are worth nothing. */
export function demandAnswers(what: string, rounds: readonly Round[]): void {
  const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
  if (failed === 0) return;
  const example = rounds.find((round) => round.failure !== undefined)?.failure;
  throw new Error(`${what}: ${failed} answers were not 2xx, the first:\n${example}`);
}
