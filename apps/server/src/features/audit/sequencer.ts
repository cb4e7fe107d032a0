import { type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { createTurn } from '../../kernel/turn.ts';
import type { Database, Handle } from '../../storage/database.ts';
import { claimLease, releaseLease } from '../../storage/leases.store.ts';
import { chainHead, newestRecords, unsealedRecords, writeSeals } from './audit-records.store.ts';
import { chainHash, GENESIS, sealAll } from './chain.ts';
import { createCheckpointWriter } from './checkpoint-writer.ts';
import type { AuditKeys } from './keys.ts';

/** Records sealed in one transaction at most. */
const BATCH = 500;
/** Commits within this time share a batch, in milliseconds. */
const GATHER_MS = 50;
/** How often records that another node's crash left behind are looked for, in milliseconds. */
const TICK_MS = 1_000;
const LEASE = 'audit-chain';
const LEASE_MS = 5_000;

/** The chain in the database was not made with this key. */
export class AuditKeyMismatchError extends Error {
  override name = 'AuditKeyMismatchError';
}

export interface Sequencer {
  /** Checks that the key fits the chain (`AuditKeyMismatchError`), seals what a crash left behind, starts the timer. */
  start(): Promise<void>;
  /** An act has committed a record: it is sealed soon, together with its neighbours. */
  wake(): void;
  /** Resolves when every record that was committed before the call is in the chain. */
  flush(): Promise<void>;
  /** What the timer does: seals what nobody woke us for, and writes a checkpoint when one is due. */
  tick(): Promise<void>;
  /** Seals the rest, writes a checkpoint, gives the lease back. */
  close(): Promise<void>;
}

export interface SequencerOptions {
  database: Database;
  clock: Clock;
  keys: AuditKeys;
  /** The data folder, where checkpoints are appended. */
  folder: string;
  logger: Pick<Logger, 'error'>;
  /** Unique per process. (Default: random) */
  holder?: string;
  /** Records per transaction. (Default: 500) */
  batch?: number;
}

/**
 * Chains records after their commit, so that no act waits for the chain's end. Among several processes one holds
 * the lease and works steadily; `flush` takes it over. Every batch claims the lease in its own transaction and reads
 * the head after that: the chain cannot fork, whoever works.
 */
export function createSequencer(options: SequencerOptions): Sequencer {
  const { database, clock, keys, folder, logger, batch = BATCH } = options;
  const holder = options.holder ?? randomUUID();
  const checkpoints = createCheckpointWriter({ database, clock, keys, folder });
  let timer: NodeJS.Timeout | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let failing = false;
  const inTurn = createTurn();

  /** Answers whether there may be more; undefined while another process has the lease. */
  const sealBatch = (takeOver: boolean): Promise<boolean | undefined> =>
    database.write(async (tx) => {
      const claim = { name: LEASE, holder, now: clock.now(), ttlMs: LEASE_MS, takeOver };
      if ((await claimLease(tx, claim)) === undefined) return undefined;
      const [head, records] = await Promise.all([chainHead(tx), unsealedRecords(tx, batch)]);
      if (records.length > 0) await writeSeals(tx, sealAll(keys.chainKey, head, records));
      return records.length === batch;
    });

  const hasWork = async (): Promise<boolean> =>
    (await database.read((snapshot) => unsealedRecords(snapshot, 1))).length > 0;

  const seal = async (takeOver: boolean): Promise<void> => {
    if (!(await hasWork())) return;
    while (await sealBatch(takeOver)) await checkpoints.write(false);
    await checkpoints.write(false);
  };

  /** Nobody waits for this work: its failure is logged once, and the next tick tries again. */
  const inBackground = (work: () => Promise<void>): Promise<void> =>
    inTurn(work).then(
      () => {
        failing = false;
      },
      (error: unknown) => {
        if (!failing) logger.error({ err: error }, 'the audit log could not be sealed; trying again');
        failing = true;
      },
    );

  const tick = (): Promise<void> =>
    inBackground(async () => {
      await seal(false);
      await checkpoints.write(false);
    });

  return {
    tick,
    async start() {
      await demandKeyFits(database, keys.chainKey);
      await inTurn(() => seal(false));
      timer = setInterval(() => void tick(), TICK_MS);
      timer.unref();
    },
    wake() {
      gathering ??= setTimeout(() => {
        gathering = undefined;
        void inBackground(() => seal(false));
      }, GATHER_MS);
    },
    flush: () => inTurn(() => seal(true)),
    async close() {
      clearInterval(timer);
      clearTimeout(gathering);
      await inTurn(async () => {
        await seal(true);
        await checkpoints.write(true);
        await database.write((tx) => releaseLease(tx, LEASE, holder));
      });
    },
  };
}

/** Two nodes with different keys, or a lost key file, would make a chain that nobody can verify. */
async function demandKeyFits(database: Database, chainKey: KeyObject): Promise<void> {
  const misfit = await database.read((snapshot) => keyMisfit(snapshot, chainKey));
  if (misfit !== undefined) throw misfit;
}

/** Undefined when the key fits the end of the chain, or there is none yet; the error with which the server would not start. */
export async function keyMisfit(
  handle: Handle,
  chainKey: KeyObject,
): Promise<AuditKeyMismatchError | undefined> {
  const [last, before] = await newestRecords(handle, 2);
  if (!last) return undefined;
  const previous = last.seq === 1 ? GENESIS : before?.hash;
  if (previous !== undefined && chainHash(chainKey, previous, last) === last.hash) return undefined;
  return new AuditKeyMismatchError(
    `The audit key does not fit the end of the audit log (record ${last.seq}). Put back the key that sealed it (audit.key in the data folder, or the configured key); if the key is right, the record was changed: run "callgate audit verify".`,
  );
}
