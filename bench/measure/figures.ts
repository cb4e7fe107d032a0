/** Requests (or commits) of one kind in one round. */
export interface Round {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** How many were answered. */
  count: number;
  /** How many of them were not 2xx. */
  failed: number;
  /** Processor time of the server for each, in microseconds; absent where nobody looked. */
  processorUs?: number;
  /** The first answer that was not 2xx; for the error message. */
  failure?: string;
}

/** The value that the share `q` (0 to 1) of the samples does not exceed; sorts in place. 0 without samples. */
export function quantile(samples: Float64Array, q: number): number {
  samples.sort();
  return samples[Math.min(samples.length - 1, Math.floor(samples.length * q))] ?? 0;
}

export const median = (values: readonly number[]): number => quantile(Float64Array.from(values), 0.5);

/** A round from its samples (milliseconds each) and how long it took. */
export function roundOf(samples: readonly number[], seconds: number, failed = 0, failure?: string): Round {
  const sorted = Float64Array.from(samples);
  return {
    perSecond: samples.length / seconds,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    count: samples.length,
    failed,
    ...(failure !== undefined && { failure }),
  };
}

/** The median of each figure over the rounds. */
export const medianRound = (rounds: readonly Round[]): Round => ({
  perSecond: median(rounds.map((round) => round.perSecond)),
  p50: median(rounds.map((round) => round.p50)),
  p99: median(rounds.map((round) => round.p99)),
  count: rounds.reduce((sum, round) => sum + round.count, 0),
  failed: rounds.reduce((sum, round) => sum + round.failed, 0),
  processorUs: median(rounds.map((round) => round.processorUs ?? Number.NaN)),
});

/** The median of the ratios of rounds that were measured side by side. */
export const medianRatio = (rounds: readonly Round[], baselines: readonly Round[]): number =>
  median(rounds.map((round, index) => round.perSecond / (baselines[index]?.perSecond ?? Number.NaN)));
