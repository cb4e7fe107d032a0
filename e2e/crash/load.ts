import type { RunningServer } from '../harness/index.ts';
import { type Act, type Lane, lanesOf } from './acts.ts';
import { pick } from './random.ts';
import { CLIENTS } from './subjects.ts';

/** A request of the load. */
export interface Sent {
  requestId: string;
  key: string;
  act: Act;
}
export interface Acknowledged extends Sent {
  status: number;
  body: Record<string, unknown>;
}

/** How far a lane is: `done` acts acknowledged, and perhaps one whose answer never came. */
export interface LaneState {
  lane: Lane;
  done: number;
  last: Act | undefined;
  inFlight: Sent | undefined;
}

/** What the load did, over all rounds. */
export interface Ledger {
  clients: LaneState[][];
  acknowledged: Acknowledged[];
  /** Answers that no act of the load should get. */
  surprises: string[];
}

export const newLedger = (): Ledger => ({
  clients: Array.from({ length: CLIENTS }, (_, client) =>
    lanesOf(client).map((lane) => ({ lane, done: 0, last: undefined, inFlight: undefined })),
  ),
  acknowledged: [],
  surprises: [],
});

/** Sends an act; with the same `key` it is the same act again. */
export const send = (server: RunningServer, { act, key }: Sent, requestId: string) =>
  server.api(act.method, act.path, {
    ...(act.body && { body: act.body }),
    ...(act.query && { query: act.query }),
    headers: { 'idempotency-key': key, 'x-request-id': requestId },
  });

/** Every client acts, one act after another, until the server is gone; `onAcknowledged` hears of each answer. */
export async function runLoad(
  server: RunningServer,
  ledger: Ledger,
  options: { round: number; random: () => number; onAcknowledged(count: number): void },
): Promise<void> {
  const before = ledger.acknowledged.length;
  let requests = 0;
  const runClient = async (lanes: LaneState[]): Promise<void> => {
    for (;;) {
      const state = pick(options.random, lanes);
      const requestId = `round-${options.round}-${requests++}`;
      const act = state.lane.act(state.done, requestId);
      const sent = { requestId, key: `key-${requestId}`, act };
      state.inFlight = sent;
      const reply = await send(server, sent, requestId).catch(() => undefined);
      if (!reply) return;
      if (reply.status >= 300) {
        ledger.surprises.push(`${act.kind}: ${reply.status} ${JSON.stringify(reply.body)}`);
        return;
      }
      acknowledge(ledger, state, { ...sent, status: reply.status, body: reply.body });
      options.onAcknowledged(ledger.acknowledged.length - before);
    }
  };
  await Promise.all(ledger.clients.map(runClient));
}

/** Notes that the act in flight of a lane was answered. */
export function acknowledge(ledger: Ledger, state: LaneState, answer: Acknowledged): void {
  state.inFlight = undefined;
  state.last = answer.act;
  state.done += 1;
  ledger.acknowledged.push(answer);
}
