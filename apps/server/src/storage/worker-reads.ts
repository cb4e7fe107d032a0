import type { CompiledQuery } from 'kysely';
import { assertBindable } from './parameters.ts';
import { WorkerChannel } from './worker-channel.ts';

/** A statement on its way to the worker. */
export interface WorkerRead {
  sql: string;
  parameters: readonly unknown[];
}

/**
 * Long reads (exports, chain verification) on a thread of their own, batch by batch: the consumer asks for the
 * next batch when it has dealt with the one before, so nothing piles up, and no snapshot outlives a batch, so
 * the write-ahead log can start anew between them.
 */
export class WorkerReads {
  readonly #channel: WorkerChannel<WorkerRead, unknown[]>;

  constructor(file: string) {
    this.#channel = new WorkerChannel(new URL('./read-worker.ts', import.meta.url), { file });
  }

  /** See `Database.scan`. */
  scan<R>(batchAfter: (last: R | undefined) => CompiledQuery<R>): AsyncIterable<R[]> {
    return scanBatches(batchAfter, async ({ sql, parameters }) => {
      assertBindable(parameters);
      return (await this.#channel.ask({ sql, parameters })) as R[];
    });
  }

  close(): Promise<void> {
    return this.#channel.close();
  }
}

/** The loop of `Database.scan` over any way to run one statement. */
export async function* scanBatches<R>(
  batchAfter: (last: R | undefined) => CompiledQuery<R>,
  run: (statement: CompiledQuery<R>) => Promise<R[]>,
): AsyncGenerator<R[], void, undefined> {
  let last: R | undefined;
  for (;;) {
    const batch = await run(batchAfter(last));
    if (batch.length === 0) return;
    last = batch[batch.length - 1];
    yield batch;
  }
}
