import type { Message } from '../sockets/socket-client.ts';
import { type Client, LEFT } from './client.ts';
import type { Row } from './rows.ts';
import { isForMembers, isForWatchers, mayRead, namedBy, type State } from './state.ts';

/** What happened in a history so far. */
export interface Past {
  /** All events of the history in the order of the application. */
  rows: Row[];
  /** `states[n]`: after n events. */
  states: State[];
  /** Where the step began, in events. */
  begin: number;
  /** Events that passed in the step, by their number. */
  passed: Map<number, Passed>;
}

/** An event that passes. */
export interface Passed {
  cid: string;
  status: number;
  /** Ids of what was committed when it was sent. */
  before: ReadonlySet<string>;
}

/** What of a step was judged: how often somebody was right to hear something, and had to. */
export interface Verdicts {
  heard: number;
  demanded: number;
  /** Heard by one who may not read at the commit, and may again when it is told. */
  readAgain: number;
  ended: number;
}

/** Holds what a client was told in a step against what the oracle says; answers what is wrong. */
export function judge(
  client: Client,
  messages: readonly Message[],
  past: Past,
  verdicts: Verdicts,
): string[] {
  const ended = new Set<string>();
  const problems: string[] = [];
  const say = (text: string): void => void problems.push(`${client.name}: ${text}`);
  for (const message of messages) {
    if (message.type === 'watch.ended') ended.add(String(message.call_cid));
    else {
      const wrong = wrongToHear(client, past, message, ended, verdicts);
      if (wrong) say(`heard ${textOf(message)} ${wrong}`);
    }
  }
  verdicts.ended += ended.size;
  const ids = new Set(messages.map(({ event_id }) => String(event_id)));
  if (client.isSteady && client.isOpen)
    for (const missed of missing(client, past, ids, messages, verdicts)) say(missed);
  for (const wrong of wrongWatches(client, past, ended)) say(wrong);
  return problems;
}

const textOf = ({ type, call_cid, seq, event_id }: Message): string =>
  `${type} ${call_cid} ${seq} ${event_id}`;

const isPassing = ({ type }: Message): boolean => type === 'custom' || type === 'call.reaction_new';

const numberOf = (message: Message): number => {
  const { custom, reaction } = message as { custom?: { n: number }; reaction?: { custom: { n: number } } };
  return (custom ?? reaction?.custom)?.n ?? -1;
};

/** Whether the person may read the call after any of so many events, both ends included. */
const mayInAny = ({ states }: Past, client: Client, cid: string, from: number): boolean =>
  states.slice(Math.max(0, from)).some((state) => mayRead(state, client.person, cid));

const mayInAll = ({ states, begin }: Past, client: Client, cid: string): boolean =>
  states.slice(begin).every((state) => mayRead(state, client.person, cid));

const isAsked = ({ asked }: Client, cid: string): boolean => asked.some((one) => one.cid === cid);

/** Why the client was wrong to hear that; undefined: it was right. */
function wrongToHear(
  client: Client,
  past: Past,
  message: Message,
  ended: ReadonlySet<string>,
  verdicts: Verdicts,
): string | undefined {
  const id = String(message.event_id);
  if (client.ids.has(id)) return 'twice';
  client.ids.add(id);
  verdicts.heard++;
  const cid = message.call_cid ?? '';
  const isWatching = isAsked(client, cid) || (client.watching.has(cid) && !ended.has(cid));
  if (isPassing(message)) {
    const passed = past.passed.get(numberOf(message));
    if (!passed || passed.cid !== cid) return 'which nobody sent in this step';
    if (!isWatching) return 'without watching';
    return mayInAny(past, client, cid, statesFrom(past, passed)) ? undefined : 'without the right to read';
  }
  const at = past.rows.findIndex((row) => row.id === id);
  const row = past.rows[at];
  if (!row) return 'which is not in the outbox';
  if (namedBy(row).includes(client.person)) return undefined;
  const isMember = isForMembers(row) && isMemberAt(past.states[at + 1], client, cid);
  if (!isMember && !(isForWatchers(row) && isWatching)) return 'which is not for them';
  // The act's own events, whose order says nothing, are heard as before it.
  const first = past.rows.findIndex((one) => one.at === row.at);
  if (mayInAny({ ...past, states: past.states.slice(0, at + 2) }, client, cid, first)) return undefined;
  verdicts.readAgain++;
  return mayInAny(past, client, cid, at + 1) ? undefined : 'without the right to read';
}

/** From which state on a passing event may have been sent: what was committed before is over. */
function statesFrom({ rows, begin }: Past, { before }: Passed): number {
  const next = rows.findIndex((row, at) => at >= begin && !before.has(row.id));
  return next === -1 ? rows.length : next;
}

const isMemberAt = (state: State | undefined, { person }: Client, cid: string): boolean =>
  state?.calls[cid]?.members[person] !== undefined;

/** What a client that was there all the time and could read all the time did not hear. */
function missing(
  client: Client,
  past: Past,
  heard: ReadonlySet<string>,
  messages: readonly Message[],
  verdicts: Verdicts,
): string[] {
  const isSure = (cid: string): boolean => client.watching.has(cid) && mayInAll(past, client, cid);
  const problems: string[] = [];
  for (const [index, row] of past.rows.slice(past.begin).entries()) {
    const { cid } = row;
    const isMember =
      cid !== null && isForMembers(row) && isMemberAt(past.states[past.begin + index + 1], client, cid);
    const isDue =
      namedBy(row).includes(client.person) ||
      (cid !== null && isForWatchers(row) && isSure(cid)) ||
      (isMember && mayInAll(past, client, cid));
    if (!isDue) continue;
    verdicts.demanded++;
    if (!heard.has(row.id)) problems.push(`did not hear ${row.type} ${cid} ${row.id}`);
  }
  const numbers = new Set(messages.filter(isPassing).map(numberOf));
  for (const [n, { cid, status }] of past.passed) {
    if (status !== 200 || !isSure(cid)) continue;
    verdicts.demanded++;
    if (!numbers.has(n)) problems.push(`did not hear the passing event ${n} of ${cid}`);
  }
  return problems;
}

/** Watches that should have begun, ended or gone on; takes down what the client watches now. */
function wrongWatches(client: Client, past: Past, ended: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const last = past.states.length - 1;
  for (const { cid, status } of client.asked) {
    const isAnyAllowed = mayInAny(past, client, cid, past.begin);
    if (status === 200 && !isAnyAllowed) problems.push(`may watch ${cid} without the right to read`);
    if (status === 403 && mayInAll(past, client, cid)) problems.push(`may not watch ${cid}`);
  }
  for (const cid of ended) {
    if (!isAsked(client, cid) && client.isSteady && mayInAll(past, client, cid))
      problems.push(`no longer watches ${cid}, for no reason`);
    client.watching.delete(cid);
  }
  // A connection that was given up for a fresh one watches nothing any more.
  const begun = client.asked
    .filter(({ status, connectionId }) => status === 200 && connectionId === client.connectionId)
    .map(({ cid }) => cid);
  client.unsure = begun.filter((cid) => ended.has(cid));
  for (const cid of begun) if (!ended.has(cid)) client.watching.add(cid);
  const isGone = past.states.slice(past.begin).some(({ people }) => people[client.person]?.deactivated);
  if (client.closed !== undefined && client.closed !== LEFT && !(isGone && client.closed === 4003))
    problems.push(`was closed with ${client.closed}`);
  if (!client.isOpen) return problems;
  if (past.states[last]?.people[client.person]?.deactivated) problems.push('is connected, and deactivated');
  for (const cid of client.watching) {
    if (mayInAny(past, client, cid, last)) continue;
    problems.push(`was not told that it watches ${cid} no longer`);
  }
  return problems;
}
