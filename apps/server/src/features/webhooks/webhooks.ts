import { randomUUID } from 'node:crypto';
import type { HookId } from '@callgate/contract';
import { createRounds } from '../../kernel/rounds.ts';
import { storedHooks } from '../app-settings/index.ts';
import { HookWorker } from './hook-worker.ts';
import { resolveHost } from './resolver.ts';
import { clearOld } from './retention.store.ts';
import { ATTEMPT_MS } from './schedule.ts';
import type { WebhookOptions, WebhookParts } from './webhook-parts.ts';

/** How often changed hooks, events of other processes and due retries are looked for, in ms. */
const POLL_MS = 500;
/** How often old deliveries are cleared away, in ms, and how many rows of each kind at once. */
const CLEAR_EVERY_MS = 60_000;
const CLEAR_BATCH = 1_000;
const DAY_MS = 24 * 60 * 60_000;
/** How long deliveries can be asked for; open ones of a hook that stays off are given up after the last. */
const RETENTION = { deliveredMs: 7 * DAY_MS, deadMs: 30 * DAY_MS, openMs: 30 * DAY_MS };

/** Sends events to hooks: a worker for each hook that is switched on. */
export interface Webhooks {
  readonly parts: WebhookParts;
  /** Goes on with what is there, starts the timer. */
  start(): Promise<void>;
  /** Events got their places in the order of the application: they are planned and sent now. */
  wake(): void;
  /** Does everything that is due by the clock and waits for the answers. */
  tick(): Promise<void>;
  /** Waits a moment for answers that are due, cuts the rest, and gives the leases back. */
  close(): Promise<void>;
}

export function createWebhooks(options: WebhookOptions): Webhooks {
  const parts: WebhookParts = {
    resolve: resolveHost,
    random: Math.random,
    attemptMs: ATTEMPT_MS,
    // A data folder has one process at a time.
    isAlone: options.database.engine === 'sqlite',
    ...options,
  };
  const { database, logger } = parts;
  const holder = randomUUID();
  const workers = new Map<HookId, HookWorker>();
  /** Workers of deleted hooks, until what they were sending has ended. */
  const closing = new Map<HookId, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let isStarted = false;
  let isClosed = false;
  let failing = false;

  const failed = (error: unknown): void => {
    if (!failing) logger.error({ err: error }, 'webhooks could not be looked after; trying again');
    failing = true;
  };

  const closeWorker = (id: HookId, worker: HookWorker): void => {
    workers.delete(id);
    const closed = worker
      .close()
      .catch(failed)
      .finally(() => closing.delete(id));
    closing.set(id, closed);
  };

  /** A worker for each hook; that of a hook that is off rests. */
  const matchWorkers = async (): Promise<void> => {
    const hooks = await database.read(storedHooks);
    const ids = new Set(hooks.map(({ id }) => id));
    for (const [id, worker] of workers) if (!ids.has(id)) closeWorker(id, worker);
    for (const id of ids) {
      if (isClosed || workers.has(id) || closing.has(id)) continue;
      workers.set(id, new HookWorker(parts, id, holder));
    }
  };

  const waking = createRounds(async () => {
    await matchWorkers();
    for (const worker of workers.values()) worker.wake();
    failing = false;
  }, failed);
  const clearing = createRounds(clearer(parts), failed);
  const poll = (): void => {
    waking.wake();
    clearing.wake();
  };
  return {
    parts,
    async start() {
      isStarted = true;
      await waking.run();
      timer = setInterval(poll, POLL_MS);
      timer.unref();
    },
    wake: () => {
      if (isStarted && !isClosed) waking.wake();
    },
    async tick() {
      await waking.run();
      await Promise.all([...workers.values()].map((worker) => worker.settle()));
      await clearing.run();
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      await Promise.all([waking.run(), clearing.run()].map((round) => round.catch(failed)));
      for (const [id, worker] of workers) closeWorker(id, worker);
      await Promise.all(closing.values());
    },
  };
}

/** Clears old deliveries away, a minute after the last time, or at once where there is more. */
function clearer({ database, clock }: WebhookParts): () => Promise<void> {
  let clearAt = 0;
  return async () => {
    if (clock.now() < clearAt) return;
    const touched = await database.write((tx) => clearOld(tx, RETENTION, clock.now(), CLEAR_BATCH));
    clearAt = touched >= CLEAR_BATCH ? 0 : clock.now() + CLEAR_EVERY_MS;
  };
}
