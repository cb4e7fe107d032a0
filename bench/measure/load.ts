import type { Round } from './figures.ts';
import { startTask, type Task } from './task.ts';

/** What the load generator is told. Lists are kept by name, with the place that each lane has reached. */
export type LoadOrder =
  | { kind: 'prepare'; name: string; port: number; lanes: string[][] }
  | { kind: 'run'; name: string; seconds: number }
  | { kind: 'paced'; seconds: number; streams: { name: string; perSecond: number }[] };

/** The load generator: a process of its own. */
export interface Load {
  /** Opens a connection for each list of whole requests; a lane sends its list over and over. */
  prepare(name: string, port: number, lanes: string[][]): Promise<void>;
  /** Every lane sends its next request when the answer is there; ends between requests. */
  run(name: string, seconds: number): Promise<Round>;
  /** Requests of several lists at fixed rates, whatever the answers take; times count from when each was due. */
  paced(seconds: number, streams: { name: string; perSecond: number }[]): Promise<Round[]>;
  stop(): Promise<void>;
}

export function startLoad(): Load {
  const task: Task<LoadOrder, Round[]> = startTask(new URL('./load-task.ts', import.meta.url));
  return {
    prepare: async (name, port, lanes) => void (await task.ask({ kind: 'prepare', name, port, lanes })),
    run: async (name, seconds) => {
      const [round] = await task.ask({ kind: 'run', name, seconds });
      if (!round) throw new Error('the load generator measured nothing');
      return round;
    },
    paced: (seconds, streams) => task.ask({ kind: 'paced', seconds, streams }),
    stop: () => task.stop(),
  };
}
