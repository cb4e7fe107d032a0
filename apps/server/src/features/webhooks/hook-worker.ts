import type { HookId } from '@callgate/contract';
import { createRounds } from '../../kernel/rounds.ts';
import type { Handle } from '../../storage/database.ts';
import { claimLease, releaseLease } from '../../storage/leases.store.ts';
import { type EventHook, hookPosition, storedHooks } from '../app-settings/index.ts';
import { lastPlace } from '../events/index.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import { createBulkMeter } from './bulk-meter.ts';
import { nextDue, settleDeliveries } from './deliveries.store.ts';
import type { Settlement } from './delivery.ts';
import { createPicker, type Picked } from './pick-deliveries.ts';
import { planDeliveries } from './plan-deliveries.ts';
import type { WebhookParts } from './webhook-parts.ts';

/** How long a process may send to a hook without saying so again, in ms. */
const LEASE_MS = 10_000;
/** Attempts that may wait to be written down; while there are more, no further ones begin. */
const UNWRITTEN_MAX = 64;
/** After how long a lease that another process has is asked for again, in ms. */
const ASK_AGAIN_MS = 500;
/** How long a stopping process waits for answers, in ms. What is cut then is sent again after the start. */
const CLOSE_MS = 1_000;

/**
 * Plans and sends what goes to one hook, as long as this process holds the hook's lease. Two kinds of round, each one
 * at a time: *writing* records what came of attempts and plans the next deliveries in one transaction; *sending* picks
 * whose turn it is. An attempt's connection is free when it ends, its lane when that is on disk: what follows in a lane
 * is never sent before what it follows is known to have arrived, or to be slow.
 */
export class HookWorker {
  readonly #parts: WebhookParts;
  readonly #id: HookId;
  readonly #holder: string;
  readonly #attempts: Attempts;
  readonly #picker;
  readonly #meter;
  readonly #writing = createRounds(
    () => this.#write(),
    (error) => this.#failed(error),
  );
  readonly #sending = createRounds(
    () => this.#send(),
    (error) => this.#failed(error),
  );
  /** Until when this process may send, in ms. */
  #heldUntil = 0;
  #wantsLease = false;
  /** Another process has the lease; until then it is not asked for again, in ms. */
  #refusedUntil = 0;
  #isClosed = false;
  #failing = false;
  #alarm: NodeJS.Timeout | undefined;
  /** Counts what was done, to see when there is nothing left. */
  #steps = 0;

  constructor(parts: WebhookParts, id: HookId, holder: string) {
    this.#parts = parts;
    this.#id = id;
    this.#holder = holder;
    this.#picker = createPicker(id);
    this.#meter = createBulkMeter(() => parts.clock.now());
    this.#attempts = createAttempts(parts, () => {
      this.#sending.wake();
      this.#writing.wake();
    });
  }

  /** There may be something to do. */
  wake(): void {
    const runsOut = this.#heldUntil - this.#now() < LEASE_MS / 2;
    if (this.#attempts.isBusy() && runsOut) this.#wantsLease = true;
    this.#writing.wake();
    this.#sending.wake();
  }

  /** Does everything that is due by the clock, answers and retries included. */
  async settle(): Promise<void> {
    // An outcome that is there and not recorded yet is a step to come.
    for (let before = -1; before !== this.#steps || this.#attempts.isBusy(); ) {
      before = this.#steps;
      await this.#writing.run();
      await this.#sending.run();
      await this.#attempts.ended();
    }
  }

  /** Waits a moment for answers, records them and gives the lease back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#alarm);
    await this.#attempts.close(CLOSE_MS);
    await this.#writing.run();
    await this.#parts.database.write((tx) => releaseLease(tx, this.#lease, this.#holder));
  }

  get #lease(): string {
    return `webhook:${this.#id}`;
  }

  #now(): number {
    return this.#parts.clock.now();
  }

  #failed(error: unknown): void {
    const { logger } = this.#parts;
    if (!this.#failing)
      logger.error({ err: error, hook_id: this.#id }, 'a webhook could not be served; trying again');
    this.#failing = true;
  }

  /** The hook, unless it is off or gone. */
  async #hook(handle: Handle): Promise<EventHook | undefined> {
    const hook = (await storedHooks(handle)).find(({ id }) => id === this.#id);
    return hook?.enabled && !this.#isClosed ? hook : undefined;
  }

  async #hasToPlan(handle: Handle): Promise<boolean> {
    if (!(await this.#hook(handle))) return false;
    const [position, last] = await Promise.all([hookPosition(handle, this.#id), lastPlace(handle)]);
    return position !== undefined && (last > position.app_seq || position.replay_since !== null);
  }

  async #hasToWrite(settled: readonly Settlement[]): Promise<boolean> {
    if (settled.length > 0) return true;
    if (this.#now() < this.#refusedUntil) return false;
    return this.#wantsLease || this.#parts.database.read((snapshot) => this.#hasToPlan(snapshot));
  }

  async #write(): Promise<void> {
    const settled = this.#attempts.unwritten();
    if (!(await this.#hasToWrite(settled))) return;
    const done = await this.#commit(settled);
    await this.#parts.hooks?.at('webhook-claimed');
    this.#heldUntil = done.isHeld ? done.now + LEASE_MS : 0;
    this.#refusedUntil = done.isHeld ? 0 : done.now + ASK_AGAIN_MS;
    this.#wantsLease = false;
    this.#failing = false;
    this.#attempts.written(settled);
    if (!done.isHeld) return;
    this.#steps += 1;
    this.#sending.wake();
    if (done.more) this.#writing.wake();
  }

  /** Records outcomes whoever has the lease, and plans with it. */
  #commit(settled: readonly Settlement[]): Promise<{ isHeld: boolean; now: number; more: boolean }> {
    return this.#parts.database.write(async (tx) => {
      const now = this.#now();
      const claim = { name: this.#lease, holder: this.#holder, now, ttlMs: LEASE_MS };
      const fence = await claimLease(tx, { ...claim, takeOver: this.#parts.isAlone });
      if (settled.length > 0) await settleDeliveries(tx, settled);
      const hook = fence === undefined ? undefined : await this.#hook(tx);
      const more = hook !== undefined && (await planDeliveries(tx, hook, { meter: this.#meter, now }));
      return { isHeld: fence !== undefined, now, more };
    });
  }

  async #send(): Promise<void> {
    if (this.#isClosed || this.#attempts.unwritten().length > UNWRITTEN_MAX) return;
    const next = await this.#parts.database.read((snapshot) => this.#next(snapshot));
    if (!next) return;
    this.#setAlarm(next.due);
    if (next.picked.length === 0 || this.#lacksLease()) return;
    this.#steps += next.picked.length;
    for (const picked of next.picked) this.#attempts.begin(next.hook, picked);
  }

  /** Whose turn it is, and when the next retry is due. Nothing for a hook that is off. */
  async #next(
    handle: Handle,
  ): Promise<{ hook: EventHook; picked: Picked[]; due: number | null } | undefined> {
    // Taken before anything is read: what is recorded meanwhile would be read as still to be sent.
    const occupied = this.#attempts.occupied();
    const hook = await this.#hook(handle);
    if (!hook) return undefined;
    const picked = await this.#picker.pick(handle, occupied, this.#now());
    return { hook, picked, due: await nextDue(handle, this.#id) };
  }

  /** Whether the lease is missing; then it is asked for, which leads to another round of sending. */
  #lacksLease(): boolean {
    const now = this.#now();
    if (now < this.#heldUntil) return false;
    if (now < this.#refusedUntil) return true;
    this.#wantsLease = true;
    this.#steps += 1;
    this.#writing.wake();
    return true;
  }

  #setAlarm(due: number | null): void {
    clearTimeout(this.#alarm);
    const wait = due === null ? 0 : due - this.#now();
    if (wait <= 0 || this.#isClosed) return;
    this.#alarm = setTimeout(() => this.#sending.wake(), Math.min(wait, LEASE_MS)).unref();
  }
}
