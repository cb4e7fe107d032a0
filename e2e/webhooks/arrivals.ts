import { type Receiver, startReceiver } from '@callgate/server/features/webhooks/test-receiver.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { type Location, openReader } from '@callgate/server/storage/reader.ts';
import { expect, vi } from 'vitest';
import { demand } from '../crash/state.ts';
import type { RunningServer } from '../harness/index.ts';

/** A real receiver and the events that it is to get, over any number of restarts of the server. */
export interface Arrivals {
  readonly receiver: Receiver;
  /** Resolves with what went wrong, once everything that is in the outbox has come or `withinMs` are over. */
  settle(withinMs: number): Promise<{ problems: string[]; events: number; doubles: number }>;
}

interface Delivery {
  state: string;
  count: number;
}

/** Sets a hook for events of these types, on a receiver that answers 200 at once. */
export async function receiveEvents(
  server: RunningServer,
  location: Location,
  types: readonly string[],
): Promise<Arrivals> {
  const receiver = await startReceiver();
  const hook = { enabled: true, hook_type: 'webhook', webhook_url: receiver.url, event_types: types };
  await demand(server, 'PATCH', '/api/v2/app', { event_hooks: [hook] });
  const wanted = types.map((type) => `'${type}'`).join(', ');
  const rows = async <R>(text: string): Promise<R[]> => {
    const reader = await openReader(location);
    try {
      return await reader.handle.run(rawStatement<R>(text));
    } finally {
      await reader.close();
    }
  };
  return {
    receiver,
    async settle(withinMs) {
      const stored = await rows<{ id: string }>(`select id from outbox where type in (${wanted})`);
      const missing = (): string[] => {
        const came = new Set(receiver.requests.map(({ event }) => event.event_id));
        return stored.filter(({ id }) => !came.has(id)).map(({ id }) => id);
      };
      const deliveries = (): Promise<Delivery[]> =>
        rows('select state, count(*) as count from webhook_deliveries group by state');
      // Its outcome is written after the answer; then every event has one delivery, and all have arrived.
      const all = stored.length > 0 ? [{ state: 'delivered', count: stored.length }] : [];
      const look = async (): Promise<void> => {
        expect(missing()).toEqual([]);
        expect(await deliveries()).toEqual(all);
      };
      await vi.waitFor(look, { timeout: withinMs, interval: 50 }).catch(() => undefined);
      const found = await deliveries();
      const problems = [
        ...missing().map((id) => `the event ${id} never came`),
        ...arrivalProblems(receiver),
        ...(JSON.stringify(found) === JSON.stringify(all)
          ? []
          : [`${stored.length} events, deliveries ${JSON.stringify(found)}`]),
      ];
      return { problems, events: stored.length, doubles: receiver.requests.length - stored.length };
    },
  };
}

/** Each event comes under one id and with one text, and each call's events come in their order. */
function arrivalProblems({ requests }: Receiver): string[] {
  const problems: string[] = [];
  const last = new Map<string, number>();
  for (const [eventId, came] of Map.groupBy(requests, ({ event }) => event.event_id)) {
    const ids = new Set(came.map(({ id }) => id));
    if (ids.size !== 1) problems.push(`the event ${eventId} came under the ids ${[...ids]}`);
    const texts = new Set(came.map(({ body }) => body));
    if (texts.size !== 1) problems.push(`the event ${eventId} came with ${texts.size} different texts`);
    const { call_cid: cid, seq } = came[0]?.event ?? {};
    if (cid === undefined || seq === undefined) continue;
    const before = last.get(cid) ?? 0;
    if (seq < before) problems.push(`number ${seq} of ${cid} came after ${before}`);
    last.set(cid, seq);
  }
  return problems;
}
