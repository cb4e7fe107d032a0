import type { CallCid, JobId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import { inputError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/id.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { type AuditActor, type AuditDraft, appendRecords, toRecord } from '../audit/index.ts';
import { appendEvents, type EventDraft } from '../events/index.ts';
import type { SessionSelector } from '../media/index.ts';
import { askedBy, type Caller, type LoadedPolicy, type PolicyReader, SERVER } from '../policy/index.ts';
import { type Timer, takeTimer } from '../timers/index.ts';
import { type ActReply, type ActRequest, actorOfRequest, keyScope } from './act-request.ts';
import type { Enforcement, KnownResult } from './enforce.ts';
import { taskOf } from './fan-out.ts';
import { findReply, rememberReply } from './idempotency.store.ts';

/** An act in the making: what a verb reads and states inside its transaction. */
export interface Act {
  readonly tx: Tx;
  /** The act's time, one for all it writes. */
  readonly now: number;
  readonly caller: Caller;
  readonly address: string | null;
  readonly policy: PolicyReader;
  /** The caller's policy in a call; undefined for server tokens, which may do everything. 404/16 without the call. */
  callerPolicy(cid: CallCid): Promise<LoadedPolicy | undefined>;
  /** Records who did what; exactly one per act that changes something, none for a no-op (more in `performMany`). */
  audit(draft: AuditDraft): void;
  event(draft: EventDraft): void;
  /** Names sessions whose policy this act may have changed. */
  enforce(...selectors: SessionSelector[]): void;
  /** As `enforce`, of people whom this act puts out: who is known to be in is shut out by the act's own commit. */
  putOut(...selectors: SessionSelector[]): void;
  /** Answers 201 instead of 200. */
  created(): void;
}

/** What is done when a timer is due: an act of nobody's request, with the shape of every other. */
export interface DueWork {
  /**
   * Takes what acts on the same thing take before they set or clear the timer (`tx.lock`, a held row). It comes before the
   * timer's row in all of them, so that they wait for each other instead of blocking each other.
   */
  hold(tx: Tx, timer: Timer): Promise<unknown>;
  /** As a verb. The row that the timer is about says what is to be done now; often that it is nothing any more. */
  verb(act: Act, timer: Timer): Promise<void>;
}

/** The one way to change something: every verb runs through `perform`, every timer's work through `performDue`. */
export interface Acts {
  readonly database: Database;
  readonly clock: Clock;
  readonly policy: PolicyReader;
  /** To be called after a commit of one's own that appended events: they are put in order and told. */
  readonly onEvents: () => void;
  /**
   * One transaction: an answered `Idempotency-Key` is replayed; otherwise `verb` runs, then audit, events, job and
   * reply are written with what it wrote. After the commit is on disk the sessions concerned are brought to what
   * policy now says, and the reply tells what held.
   */
  perform<Body extends object>(
    request: ActRequest,
    verb: (act: Act) => Promise<Body>,
  ): Promise<ActReply<Body>>;
  /**
   * The same for a timer, as `system`: its row is deleted in the transaction of its effect. When it is gone, moved or
   * cleared, nothing is done. Throws what the work throws, and then nothing of it stays.
   */
  performDue(timer: Timer, work: DueWork): Promise<void>;
  /**
   * As `perform`, for a piece of a task: many acts of one request in one transaction, each with a record of its own,
   * and one job that enforces all of them.
   */
  performMany(request: ActRequest, verb: (act: Act) => Promise<void>): Promise<void>;
}

/** What tests may hang onto; absent in production. Awaited. */
export interface DueHooks {
  /**
   * `timer-due`: the work of a timer is about to begin. `timer-written`: it is written, not committed.
   * `timer-committed`: it is on disk, nobody is told and nothing enforced.
   */
  at(point: 'timer-due' | 'timer-written' | 'timer-committed'): void | Promise<void>;
}

export function createActs(deps: {
  database: Database;
  clock: Clock;
  policy: PolicyReader;
  enforcement: Enforcement;
  /** Called after a commit that appended an audit record: wakes the sequencer. */
  onAudit?: () => void;
  /** Called after a commit that appended events. */
  onEvents?: () => void;
  hooks?: DueHooks | undefined;
}): Acts {
  const { database, clock, policy, enforcement, onEvents = () => undefined, hooks } = deps;
  /** After the commit: chain and order are told, the sessions concerned are brought to what policy now says. */
  const follow = async <Body>(done: Settled<Body>): Promise<ActReply<Body>> => {
    if (done.audited) deps.onAudit?.();
    if (done.told) onEvents();
    const { status, body, jobId, selectors } = done;
    if (jobId === null || (done.replayed && !done.known)) return { status, body };
    const result = done.known ?? (await enforcement.run(jobId, selectors));
    return { status, body, enforcement: { ...result, job_id: jobId, ...taskOf(jobId, selectors) } };
  };
  const run = async <Body extends object>(
    request: ActRequest,
    verb: (act: Act) => Promise<Body>,
    recordsAtMost: number,
  ): Promise<ActReply<Body>> => {
    const done = await database.write(async (tx) => {
      const replay = await replayOf<Body>(tx, request, enforcement, clock.now());
      if (replay) return replay;
      const draft = draftAct(tx, request, policy, clock.now());
      const body = await verb(draft.act);
      demandFewRecords(draft, recordsAtMost);
      return settle(tx, { actor: actorOfRequest(request), request }, draft, body, enforcement);
    });
    return follow(done);
  };
  return {
    database,
    clock,
    policy,
    onEvents,
    perform: (request, verb) => run(request, verb, 1),
    async performMany(request, verb) {
      const work = async (act: Act) => {
        await verb(act);
        return {};
      };
      await run(request, work, Number.POSITIVE_INFINITY);
    },
    async performDue(timer, { hold, verb }) {
      await hooks?.at('timer-due');
      const done = await database.write(async (tx) => {
        await hold(tx, timer);
        if (!(await takeTimer(tx, timer))) return undefined;
        // Not before its time, although a machine's clock may have been put back since it was read.
        const now = Math.max(clock.now(), timer.dueAt);
        const draft = draftAct(tx, { caller: SERVER, address: null }, policy, now);
        await verb(draft.act, timer);
        demandFewRecords(draft, 1);
        const settled = await settle(tx, { actor: actorOfTimer(timer, now) }, draft, {}, enforcement);
        await hooks?.at('timer-written');
        return settled;
      });
      if (!done) return;
      await hooks?.at('timer-committed');
      await follow(done);
    },
  };
}

/** The request id does not tell the key, which may be a person's id: request ids are not erased from the audit log. */
const actorOfTimer = ({ kind }: Timer, now: number): AuditActor => ({
  kind: 'system',
  id: null,
  address: null,
  requestId: `timer:${kind}:${newId(now)}`,
});

function demandFewRecords({ audits }: Draft, most: number): void {
  if (audits.length <= most) return;
  throw new Error(`an act wrote ${audits.length} audit records: ${audits.map((a) => a.action)}`);
}

interface Draft {
  act: Act;
  audits: AuditDraft[];
  events: EventDraft[];
  selectors: SessionSelector[];
  /** Those of them that are put out. */
  out: SessionSelector[];
  status: { value: number };
}

interface Settled<Body> {
  status: number;
  body: Body;
  jobId: JobId | null;
  selectors: readonly SessionSelector[];
  audited: boolean;
  /** Events were appended. */
  told: boolean;
  /** Answered before: nothing is enforced again. */
  replayed?: true;
  /** A replayed act's enforcement as it is now. */
  known?: KnownResult;
}

function draftAct(
  tx: Tx,
  { caller, address }: Pick<ActRequest, 'caller' | 'address'>,
  policy: PolicyReader,
  now: number,
): Draft {
  const audits: AuditDraft[] = [];
  const events: EventDraft[] = [];
  const selectors: SessionSelector[] = [];
  const out: SessionSelector[] = [];
  const status = { value: 200 };
  const act: Act = {
    tx,
    now,
    caller,
    address,
    policy,
    callerPolicy: async (cid) =>
      caller.kind === 'server' ? undefined : policy.inCall(tx, askedBy(caller, address), cid),
    audit: (draft) => void audits.push(draft),
    event: (draft) => void events.push(draft),
    enforce: (...added) => void selectors.push(...added),
    putOut(...added) {
      selectors.push(...added);
      out.push(...added);
    },
    created: () => {
      status.value = 201;
    },
  };
  return { act, audits, events, selectors, out, status };
}

async function settle<Body extends object>(
  tx: Tx,
  { actor, request }: { actor: AuditActor; request?: ActRequest },
  draft: Draft,
  body: Body,
  enforcement: Enforcement,
): Promise<Settled<Body>> {
  const { audits, selectors, status, act } = draft;
  const events = [...draft.events, ...(await enforcement.putOut(tx, draft.out))];
  const job = selectors.length === 0 ? undefined : enforcement.addJob(tx, selectors, act.now);
  const jobId = job?.id ?? null;
  const reply = { status: status.value, body, jobId };
  // Together: on PostgreSQL they share a round trip. The call's row, which numbers its events, is taken last.
  await Promise.all([
    job?.written,
    appendRecords(
      tx,
      audits.map((audit) => toRecord(audit, actor, jobId, act.now)),
    ),
    request?.idempotency &&
      rememberReply(tx, { scope: keyScope(request), ...request.idempotency, ...reply }, act.now),
    appendEvents(tx, events, act.now, selectors),
  ]);
  const told = events.length > 0;
  return { status: status.value, body, jobId, selectors, audited: audits.length > 0, told };
}

/** The stored reply of the request's key; the same key with another request is 400/4. */
async function replayOf<Body>(
  tx: Tx,
  request: ActRequest,
  enforcement: Enforcement,
  now: number,
): Promise<Settled<Body> | undefined> {
  if (!request.idempotency) return undefined;
  const { key, requestHash } = request.idempotency;
  const scope = keyScope(request);
  await tx.lock(`idempotency:${scope}/${key}`);
  const stored = await findReply(tx, scope, key, now);
  if (!stored) return undefined;
  if (stored.request_hash !== requestHash) {
    throw inputError('Idempotency-Key', 'was used with another request in the last 24 hours; send a new key');
  }
  const body = JSON.parse(stored.body) as Body;
  const { status, job_id: jobId } = stored;
  const replay = { status, body, jobId, selectors: [], audited: false, told: false, replayed: true as const };
  if (jobId === null) return replay;
  const known = (await enforcement.resultsOf(tx, [jobId])).get(jobId);
  return known ? { ...replay, known } : replay;
}
