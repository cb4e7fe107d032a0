import type { RunningServer } from '../harness/index.ts';
import { between } from './random.ts';

/** How one round ends: at the `count`-th arrival at a failpoint of entry.ts, or at a random instant. */
export interface Kill {
  /** Undefined: a random instant. */
  point: string | undefined;
  /** Which arrival, from 1; without a point how many milliseconds after the load began, unless a suite counts otherwise. */
  count: number;
}

/** A round that has not ended by then, in milliseconds, has missed its point. */
export const ROUND_MS = 60_000;
const ARMED = 'SIGHUP';

/**
 * One kill per round: the first, third, fifth and so on at the points in turn, the others at random instants.
 * `points` says of each how many arrivals there are at least, `instants` between what a random instant lies.
 */
export function planKills(
  points: Readonly<Record<string, number>>,
  run: { rounds: number; seed: number; random: () => number; instants: readonly [number, number] },
): Kill[] {
  const all = Object.entries(points);
  return Array.from({ length: run.rounds }, (_, round) => {
    const [point, most] = all[(round / 2 + run.seed) % all.length] ?? [];
    const [low, high] = most === undefined ? run.instants : [1, most];
    return { point, count: between(run.random, low, high) };
  });
}

/** What the server of entry.ts is started with; the point then waits until it is armed. */
export const settingsOf = (kill: Kill | undefined): Record<string, string> =>
  kill?.point === undefined ? {} : { CRASH_POINT: kill.point, CRASH_ARRIVAL: String(kill.count) };

/** From now on arrivals at the server's point count. */
export const arm = ({ pid }: RunningServer): void => void process.kill(pid, ARMED);

/** Runs the load until the server is killed as planned; throws when it is not within a minute. */
export async function killUnderLoad(
  server: RunningServer,
  kill: Kill,
  load: () => Promise<unknown>,
): Promise<void> {
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    void server.kill();
  }, ROUND_MS);
  if (kill.point !== undefined) arm(server);
  const instant = kill.point === undefined && setTimeout(() => void server.kill(), kill.count);
  try {
    await load();
    await server.ended();
  } finally {
    clearTimeout(late);
    if (instant) clearTimeout(instant);
  }
  if (isLate)
    throw new Error(`the point ${kill.point} was not reached ${kill.count} times within ${ROUND_MS} ms`);
}

export const nameOf = ({ point }: Kill): string => point ?? 'random instant';

/** How many kills there were at each point, for the figures. */
export function countKills(kills: readonly Kill[]): string {
  const counts = Map.groupBy(kills, nameOf);
  return [...counts].map(([name, list]) => `${name} ${list.length}`).join(', ');
}
