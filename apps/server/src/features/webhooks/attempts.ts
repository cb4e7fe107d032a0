import type { DeliveryId } from '@callgate/contract';
import type { EventHook } from '../app-settings/index.ts';
import { eventMessage } from '../events/index.ts';
import { type Settlement, settlementOf } from './delivery.ts';
import { createHookClient, type HookClient } from './hook-client.ts';
import type { Occupied, Picked } from './pick-deliveries.ts';
import { attemptTime, type Outcome } from './schedule.ts';
import { signedHeaders } from './signature.ts';
import type { WebhookParts } from './webhook-parts.ts';

/** The attempts of one hook: those under way, and those whose outcome is not on disk yet. */
export interface Attempts {
  begin(hook: EventHook, picked: Picked): void;
  /** Outcomes to be written down. */
  unwritten(): readonly Settlement[];
  /** They are on disk: their lanes go on. */
  written(settled: readonly Settlement[]): void;
  occupied(): Occupied;
  isBusy(): boolean;
  /** Resolves when no attempt is under way. */
  ended(): Promise<void>;
  /** Cuts what has not ended by itself after so many ms; outcomes of that are not told. */
  close(withinMs: number): Promise<void>;
}

interface Flight {
  /** Null: it blocks no lane. */
  lane: string | null;
  yields: boolean;
  isUnderWay: boolean;
}

/** Sends one attempt with the client of the hook's address. */
interface Poster {
  post(hook: EventHook, picked: Picked, beganAt: number): Promise<Outcome>;
  /** Cuts what runs. */
  close(): Promise<void>;
}

function createPoster(parts: WebhookParts): Poster {
  const { rules, resolve, attemptMs } = parts;
  let client: HookClient | undefined;

  /** One of an earlier address ends with what it is sending. */
  const clientOf = ({ url }: EventHook): HookClient => {
    if (client?.url !== url) {
      void client?.retire();
      client = createHookClient({ url, rules, resolve });
    }
    return client;
  };
  return {
    async post(hook, { row, event }, beganAt) {
      if (!event) return { kind: 'nothing', error: 'the event is no longer there' };
      const body = eventMessage(event);
      const { apiKey, apiSecret } = parts.credentials();
      const secret = hook.signingSecret ?? apiSecret;
      const { id, attempts, state, started_at: startedAt } = row;
      await parts.hooks?.at('webhook-before-delivery');
      const outcome = await clientOf(hook).post({
        body,
        headers: signedHeaders(body, { apiKey, secret, id, attempt: attempts + 1, now: beganAt }),
        gzip: hook.gzip,
        timeoutMs: Math.min(attemptMs, attemptTime({ isSlow: state === 'slow', startedAt }, beganAt)),
      });
      await parts.hooks?.at('webhook-after-delivery');
      return outcome;
    },
    close: async () => client?.close(),
  };
}

/** `onEnd` hears of each outcome. */
export function createAttempts(parts: WebhookParts, onEnd: () => void): Attempts {
  const { clock, random } = parts;
  const poster = createPoster(parts);
  const flights = new Map<DeliveryId, Flight>();
  const running = new Set<Promise<void>>();
  let unwritten: Settlement[] = [];
  let isClosed = false;

  const run = async (hook: EventHook, picked: Picked, flight: Flight): Promise<void> => {
    const beganAt = clock.now();
    const outcome = await poster
      .post(hook, picked, beganAt)
      .catch((error: unknown): Outcome => ({ kind: 'network', error: String(error) }));
    flight.isUnderWay = false;
    if (isClosed && outcome.kind !== 'answered') return;
    unwritten.push(settlementOf(picked.row, outcome, { beganAt, now: clock.now(), random: random() }));
    onEnd();
  };

  return {
    begin(hook, picked) {
      const { row } = picked;
      const flight: Flight = {
        lane: row.state === 'slow' ? null : row.lane,
        yields: picked.yields,
        isUnderWay: true,
      };
      flights.set(row.id, flight);
      const attempt = run(hook, picked, flight).finally(() => running.delete(attempt));
      running.add(attempt);
    },
    unwritten: () => [...unwritten],
    written(settled) {
      const done = new Set(settled.map(({ id }) => id));
      unwritten = unwritten.filter(({ id }) => !done.has(id));
      for (const id of done) flights.delete(id);
    },
    occupied() {
      const all = [...flights.values()];
      const underWay = all.filter(({ isUnderWay }) => isUnderWay);
      return {
        ids: new Set(flights.keys()),
        lanes: new Set(all.flatMap(({ lane }) => lane ?? [])),
        attempts: underWay.length,
        yielding: underWay.filter(({ yields }) => yields).length,
      };
    },
    isBusy: () => flights.size > 0,
    async ended() {
      while (running.size > 0) await Promise.all(running);
    },
    async close(withinMs) {
      isClosed = true;
      const cut = setTimeout(() => void poster.close(), withinMs);
      while (running.size > 0) await Promise.all(running);
      clearTimeout(cut);
      await poster.close();
    },
  };
}
