import type { ErrorName, UserId } from '@callgate/contract';
import type { TaskItems } from '../features/tasks/task-items.ts';
import { ApiError } from '../kernel/errors.ts';
import { WorkerChannel } from '../storage/worker-channel.ts';

/**
 * From here on a bulk body is read by a thread of its own, in bytes. 128 KiB take some 3 ms to parse, check and hash;
 * the largest body takes half a second, in which nobody else would be served.
 */
export const LONG_BODY_BYTES = 128 * 1024;
/** Long bodies that wait for the thread at most. */
const MOST_WAITING = 4;
/** After so long without a long body the thread ends, in milliseconds: its heap may hold 100 MB that nobody uses. */
const IDLE_MS = 10_000;
const RETRY_AFTER_SECONDS = 2;

/** A bulk body as it was sent. */
export interface LongBody {
  operation: string;
  method: string;
  /** Path and query. */
  target: string;
  bytes: Uint8Array;
}

/** What the thread answers: the body in pieces, or the error that the client gets. */
export type ReadBody =
  | { body: Record<string, unknown> & { user_ids: UserId[] }; items: TaskItems; requestHash: string }
  | { refused: { kind: ErrorName; message: string; fields: Record<string, string> } };

/** A bulk body that was read and checked; its ids are cut up, and `body.user_ids` is empty. */
export class BulkBody {
  readonly body: object;
  readonly items: TaskItems;
  readonly requestHash: string;

  constructor({ body, items, requestHash }: Exclude<ReadBody, { refused: unknown }>) {
    this.body = body;
    this.items = items;
    this.requestHash = requestHash;
  }
}

export interface BulkBodyReader {
  /** Parses, checks and cuts up a long body. Throws what a short one would be refused with; 503/9 when too many wait. */
  read(long: LongBody): Promise<BulkBody>;
  close(): Promise<void>;
}

export function createBulkBodyReader(): BulkBodyReader {
  let channel: WorkerChannel<LongBody, ReadBody> | undefined;
  let waiting = 0;
  let idle: NodeJS.Timeout | undefined;

  const close = async (): Promise<void> => {
    clearTimeout(idle);
    const closing = channel;
    channel = undefined;
    await closing?.close();
  };
  const ask = async (long: LongBody): Promise<ReadBody> => {
    clearTimeout(idle);
    channel ??= new WorkerChannel(new URL('./bulk-body-worker.ts', import.meta.url), {});
    waiting++;
    try {
      return await channel.ask(long);
    } finally {
      waiting--;
      if (waiting === 0) idle = setTimeout(() => void close(), IDLE_MS).unref();
    }
  };
  return {
    close,
    async read(long) {
      if (waiting >= MOST_WAITING) {
        throw new ApiError('overloaded', 'too many long bodies at once: nothing was changed; try again', {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
      }
      const answer = await ask(long);
      if (!('refused' in answer)) return new BulkBody(answer);
      const { kind, message, fields } = answer.refused;
      throw new ApiError(kind, message, { fields });
    },
  };
}
