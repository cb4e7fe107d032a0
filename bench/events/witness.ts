import { startTask, type Task } from '../measure/task.ts';

/** An act as a whole request, and the event that tells of it: `<type> <cid of the call or id of the user>`. */
export interface WitnessedAct {
  request: string;
  event: string;
}

export type WitnessOrder =
  | { kind: 'receiver' }
  | { kind: 'socket'; url: string; token: string }
  | { kind: 'run'; port: number; perSecond: number; acts: WitnessedAct[]; sockets: boolean };

/** When an act was sent, answered, and told, in milliseconds of one clock; 0: never. */
export interface Sighting {
  name: string;
  sentAt: number;
  repliedAt: number;
  socketAt: number;
  hookAt: number;
}

/** Sends acts and sees their events come, on a socket and at a hook: one process, so that one clock says how long. */
export interface Witness {
  /** Its receiver's address for a hook. */
  receiver(): Promise<string>;
  /** Opens its socket; resolves with the connection's id. */
  socket(url: string, token: string): Promise<string>;
  /** Acts at an even rate. Resolves when each was seen at the hook (and on the socket), or has had 15 s for that. */
  run(of: { port: number; perSecond: number; acts: WitnessedAct[]; sockets: boolean }): Promise<Sighting[]>;
  stop(): Promise<void>;
}

export function startWitness(): Witness {
  const task: Task<WitnessOrder, Sighting[] | string> = startTask(
    new URL('./witness-task.ts', import.meta.url),
  );
  const text = async (order: WitnessOrder): Promise<string> => String(await task.ask(order));
  return {
    receiver: () => text({ kind: 'receiver' }),
    socket: (url, token) => text({ kind: 'socket', url, token }),
    run: async (of) => (await task.ask({ kind: 'run', ...of })) as Sighting[],
    stop: () => task.stop(),
  };
}
