import type { Config } from '@callgate/server/config.ts';
import type { AppCredentials } from '@callgate/server/credentials.ts';
import type { Clock } from '@callgate/server/kernel/clock.ts';
import type { Handle } from '@callgate/server/storage/database.ts';
import type { Finding } from './finding.ts';
import type { Machine } from './machine.ts';
import type { Server } from './server.ts';

/** What checks look at. */
export interface Facts {
  readonly config: Config;
  /** The file that `CALLGATE_CONFIG` names, absolute; null: none. */
  readonly configFile: string | null;
  readonly clock: Clock;
  readonly machine: Machine;
  /** Undefined: none are made yet. */
  readonly credentials: AppCredentials | undefined;
  /** The address on which the server is asked, on this machine. */
  readonly baseUrl: string;
  /** Who answers there. */
  readonly server: Server;
  /** The operator says that the server stands still. */
  readonly isStopped: boolean;
  /** Resolves with the database, opened once for reading; null when it is not made yet. Rejects when it cannot be opened. */
  database(): Promise<Handle | null>;
}

/** One check. It may throw: then it could not be made, which is a fault. */
export interface Check {
  /** The word that stands before its findings. */
  readonly name: string;
  /** Stops waiting when the signal is aborted. */
  run(facts: Facts, signal: AbortSignal): Promise<Finding[]>;
}
