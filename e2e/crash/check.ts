import { isDeepStrictEqual } from 'node:util';
import type { Location } from '@callgate/server/storage/reader.ts';
import type { RunningServer } from '../harness/index.ts';
import { checkBooks } from './books.ts';
import { type Acknowledged, acknowledge, type LaneState, type Ledger, type Sent, send } from './load.ts';
import { pick } from './random.ts';
import { type Records, readRecords } from './records.ts';
import { readState, type State } from './state.ts';
import { subjectsOf } from './subjects.ts';

/** Acknowledged acts of a round that are sent again. */
const REPEATED = 60;

export interface Checked {
  problems: string[];
  /** Acts in flight at the kill that turned out to be done, and not to be. */
  done: number;
  undone: number;
}

/**
 * What must hold of a server that was started again after a kill: everything acknowledged is there once, everything
 * else wholly or not at all, and sending again changes nothing twice. Puts the acts in flight through.
 */
export async function checkAfterKill(options: {
  server: RunningServer;
  location: Location;
  ledger: Ledger;
  /** Acts acknowledged since the kill before. */
  fresh: readonly Acknowledged[];
  random: () => number;
}): Promise<Checked> {
  const { server, location, ledger, fresh, random } = options;
  const problems: string[] = [];
  const lanes = ledger.clients.flat();
  const records = await readRecords(location);
  checkRecords(problems, records, ledger);
  if (records.pendingJobs > 0) problems.push(`${records.pendingJobs} enforcement jobs were left behind`);

  const state = await readState(server, people(ledger));
  for (const lane of lanes) checkLane(problems, lane, state, records);
  const inFlight = lanes.filter((lane) => lane.inFlight !== undefined);
  const done = inFlight.filter((lane) => records.audits.has(lane.inFlight?.requestId ?? '')).length;
  for (const lane of inFlight) await putThrough(problems, server, ledger, lane, records);
  for (let repeat = 0; repeat < REPEATED && fresh.length > 0; repeat++) {
    await sendAgain(problems, server, pick(random, fresh), repeat);
  }

  const after = await readState(server, people(ledger));
  for (const { last, lane } of lanes) {
    if (last && !last.isShown(after))
      problems.push(`${lane.name}: ${last.kind} does not show after the retries`);
  }
  const books = await checkBooks(server, location);
  checkRecords(problems, books.records, ledger);
  problems.push(...books.problems);
  return { problems, done, undone: inFlight.length - done };
}

/** One audit record per acknowledged act, none twice. */
function checkRecords(problems: string[], records: Records, ledger: Ledger): void {
  for (const { requestId, act } of ledger.acknowledged) {
    const count = records.audits.get(requestId) ?? 0;
    if (count !== 1)
      problems.push(`${act.kind} ${requestId} was acknowledged and has ${count} audit records`);
  }
  for (const [requestId, count] of records.audits) {
    if (requestId.endsWith('-repeated')) problems.push(`${requestId} did something again`);
    if (count !== 1) problems.push(`${requestId} has ${count} audit records`);
  }
}

/** An act in flight is there with its record, its key and its effect, or with none of them. */
function checkLane(
  problems: string[],
  { lane, last, inFlight }: LaneState,
  state: State,
  records: Records,
): void {
  const isDone = inFlight !== undefined && records.audits.has(inFlight.requestId);
  if (inFlight && isDone !== records.keys.has(inFlight.key)) {
    problems.push(`${inFlight.act.kind} ${inFlight.requestId}: record ${isDone}, Idempotency-Key ${!isDone}`);
  }
  if (inFlight && !inFlight.act.isTwoSteps && inFlight.act.isShown(state) !== isDone) {
    problems.push(`${inFlight.act.kind} ${inFlight.requestId}: record ${isDone}, effect ${!isDone}`);
  }
  if (!isDone && last && !last.isShown(state)) problems.push(`${lane.name}: ${last.kind} does not show`);
}

/** Sends the act in flight again: done before or not, it is now done once. */
async function putThrough(
  problems: string[],
  server: RunningServer,
  ledger: Ledger,
  lane: LaneState,
  records: Records,
): Promise<void> {
  const sent = lane.inFlight;
  if (!sent) return;
  const requestId = `${sent.requestId}-retried`;
  const reply = await send(server, sent, requestId);
  if (reply.status >= 300) {
    problems.push(`${sent.act.kind} again: ${reply.status} ${JSON.stringify(reply.body)}`);
    return;
  }
  const counted = records.audits.has(sent.requestId) ? sent.requestId : requestId;
  acknowledge(ledger, lane, { ...sent, requestId: counted, status: reply.status, body: reply.body });
}

async function sendAgain(
  problems: string[],
  server: RunningServer,
  sent: Acknowledged,
  repeat: number,
): Promise<void> {
  const reply = await send(server, sent, `${sent.requestId}-${repeat}-repeated`);
  const same =
    reply.status === sent.status && isDeepStrictEqual(kept(sent, reply.body), kept(sent, sent.body));
  if (same) return;
  problems.push(
    `${sent.act.kind} ${sent.requestId} answered ${sent.status} ${JSON.stringify(sent.body)}, again ${reply.status} ${JSON.stringify(reply.body)}`,
  );
}

/** What a replay repeats. A join tells beside its session what the call looks like now. */
function kept({ act }: Sent, body: Record<string, unknown>): unknown {
  if (act.kind === 'join') return { session_id: body.session_id };
  const { duration: _took, enforcement: _now, ...documented } = body;
  return documented;
}

const people = ({ clients }: Ledger): string[] =>
  clients.flatMap((lanes, client) => {
    const done = lanes.find(({ lane }) => lane.name === 'person')?.done ?? 0;
    const { guest } = subjectsOf(client);
    return [guest(Math.floor(done / 4)), guest(Math.floor(Math.max(0, done - 1) / 4))];
  });
