import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../storage/database.ts';
import { chainHead } from './audit-records.store.ts';
import { GENESIS } from './chain.ts';
import { type Checkpoint, signCheckpoint } from './checkpoint.ts';
import { appendCheckpoint, readCheckpoints } from './checkpoint-file.ts';
import type { AuditKeys } from './keys.ts';

/** A checkpoint is due when the head has moved and this many milliseconds or records have passed. */
const EVERY_MS = 60_000;
const EVERY_RECORDS = 1_000;

/** Writes the chain's head, signed, beside the database. */
export interface CheckpointWriter {
  /** Writes one when it is due; `asked`: also before that. None while the head stands where it stood. */
  write(asked: boolean): Promise<void>;
}

export function createCheckpointWriter(options: {
  database: Database;
  clock: Clock;
  keys: AuditKeys;
  folder: string;
}): CheckpointWriter {
  const { database, clock, keys, folder } = options;
  let last: Pick<Checkpoint, 'seq' | 'hash' | 'at'> | undefined;
  return {
    async write(asked) {
      const head = await database.read(chainHead);
      last ??= (await readCheckpoints(folder)).checkpoints.at(-1) ?? { seq: 0, hash: GENESIS, at: 0 };
      const now = clock.now();
      // By number and hash: a restore moves the head back.
      if (head.seq === last.seq && head.hash === last.hash) return;
      const moved = Math.abs(head.seq - last.seq);
      if (!asked && now - last.at < EVERY_MS && moved < EVERY_RECORDS) return;
      const checkpoint = signCheckpoint(keys.signingKey, { kind: 'head', ...head, at: now });
      await appendCheckpoint(folder, checkpoint);
      last = checkpoint;
    },
  };
}
