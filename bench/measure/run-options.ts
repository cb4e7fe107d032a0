/** How much is measured. */
export interface RunOptions {
  /** Rounds of each comparison, alternating with their baselines. */
  rounds: number;
  /** Length of one round. */
  seconds: number;
  warmUpSeconds: number;
  bans: number;
  prefixes: number;
  /** Look-ups of each kind. */
  lookups: number;
  starts: number;
  /** Event sockets that are open at once. */
  sockets: number;
  /** People that one request deactivates. */
  bulkUsers: number;
  /** Clients that join, one after the other. */
  joins: number;
  /** Acts of each kind on people who are in. */
  mediaActs: number;
  /** Parts to run; empty: all. */
  only: readonly string[];
  /** A folder for processor profiles of the servers; their figures are then not for the record. */
  profile: string | undefined;
}

export const FULL: Omit<RunOptions, 'only' | 'profile'> = {
  rounds: 5,
  seconds: 3,
  warmUpSeconds: 3,
  bans: 1_000_000,
  prefixes: 100_000,
  lookups: 10_000,
  starts: 5,
  sockets: 5_000,
  bulkUsers: 100_000,
  joins: 200,
  mediaActs: 125,
};

/** Only shows that everything runs. */
export const QUICK: typeof FULL = {
  rounds: 1,
  seconds: 0.5,
  warmUpSeconds: 0.3,
  bans: 10_000,
  prefixes: 1_000,
  lookups: 500,
  starts: 2,
  sockets: 200,
  bulkUsers: 1_000,
  joins: 10,
  mediaActs: 5,
};
