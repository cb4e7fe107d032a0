import type { CallCid, SessionId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { createRounds } from '../../kernel/rounds.ts';
import type { Database } from '../../storage/database.ts';
import { claimLease, releaseLease } from '../../storage/leases.store.ts';
import {
  findSession,
  JOIN_TOKEN_MS,
  lapseIssued,
  type MediaPlane,
  type MediaSessionRow,
  type SeenParticipant,
  selectorOf,
  selectRevoked,
  selectSessions,
  sessionOfIdentity,
} from '../media/index.ts';
import type { Enforcement } from './enforce.ts';
import { type Judge, judgeSession } from './wanted-media.ts';

/** How often every live call is compared with the media server, in milliseconds. */
const SWEEP_MS = 5_000;
/** A session that the media server does not show for this long has lost its media, in milliseconds. */
const LOST_MS = 15_000;
/** Sessions whose token nobody has used, ended in one round. */
const LAPSE_BATCH = 500;
/** Of several processes one sweeps at a time. */
const LEASE = 'media-sweep';
/** How long the sweep is a process's without a round, in milliseconds: one may be late. */
const LEASE_MS = 7_000;
/** Calls that are asked about at the same time. */
const AT_ONCE = 4;

/** What the sweep found and mended since the start. */
export interface SweepCounts {
  /** Participants without a session that may be there: removed. */
  strays: number;
  /** Sessions that held something else than policy says: told anew. */
  mended: number;
  /** Sessions that the media server had lost: ended. */
  lost: number;
}

export interface Sweep {
  start(): void;
  /** One round now. */
  run(): Promise<void>;
  readonly counts: Readonly<SweepCounts>;
  close(): Promise<void>;
}

export interface SweepDeps {
  database: Database;
  clock: Clock;
  logger: Pick<Logger, 'error' | 'warn'>;
  media: MediaPlane;
  judge: Judge;
  enforcement: Enforcement;
  /** Notes that the media server has lost a session. */
  lost(id: SessionId, participantSid: string | null): Promise<void>;
  /** Takes in a service that dialled the media server by itself; false: it may not be there. */
  found(cid: CallCid, participant: SeenParticipant): Promise<boolean>;
  /** This process, for the lease. */
  node: string;
}

/**
 * Compares session rows with the media server's participants, never with a node's memory (design section 3): whatever was
 * lost on the way, a webhook, a process, an answer that came too late, is brought to what policy says within seconds.
 */
export function createSweep(deps: SweepDeps): Sweep {
  const { database, clock, media, logger, node } = deps;
  const counts: SweepCounts = { strays: 0, mended: 0, lost: 0 };
  /** When a session that should be there was missed first. */
  const missedSince = new Map<SessionId, number>();
  let timer: NodeJS.Timeout | undefined;

  const round = async (): Promise<void> => {
    if (!media.configured) return;
    const startedAt = clock.now();
    if (!(await beginRound(deps, startedAt))) {
      // What was missed in an earlier turn may have been there since.
      missedSince.clear();
      return;
    }
    const known = await database.read(async (snapshot) => ({
      live: (await selectSessions(snapshot, [{ everybody: true }])).filter(
        ({ identity }) => identity !== null,
      ),
      over: await selectRevoked(snapshot, [{ everybody: true }]),
    }));
    const rows = byCall(known.live);
    const calls = [...new Set([...(await media.calls()), ...rows.keys()])];
    await inLots(calls, (cid) => compare(deps, { cid, rows: rows.get(cid) ?? [], missedSince, counts }));
    const stuck = known.over.filter(({ ended_at }) => (ended_at ?? 0) < startedAt - SWEEP_MS);
    for (const row of stuck) await deps.enforcement.rebind([selectorOf(row)]);
    forgetOthers(missedSince, known.live);
  };
  const rounds = createRounds(round, (err) =>
    logger.error({ err }, 'the media sweep failed; it comes again'),
  );
  return {
    counts,
    run: () => rounds.run(),
    start() {
      if (!media.configured) return;
      timer = setInterval(() => rounds.wake(), SWEEP_MS).unref();
    },
    async close() {
      clearInterval(timer);
      await rounds.run().catch(() => undefined);
      // When this fails, others wait until the lease runs out.
      if (media.configured)
        await database.write((tx) => releaseLease(tx, LEASE, node)).catch(() => undefined);
    },
  };
}

/**
 * Takes the lease, in the transaction that every round has, and ends the sessions whose token nobody has used; false: another
 * process sweeps. SQLite has one process: whoever held the lease is gone.
 */
const beginRound = ({ database, node }: SweepDeps, now: number): Promise<boolean> =>
  database.write(async (tx) => {
    const takeOver = database.engine === 'sqlite';
    const claim = { name: LEASE, holder: node, now, ttlMs: LEASE_MS, takeOver };
    if ((await claimLease(tx, claim)) === undefined) return false;
    await lapseIssued(tx, now - JOIN_TOKEN_MS, now, LAPSE_BATCH);
    return true;
  });

interface Compared {
  cid: CallCid;
  rows: MediaSessionRow[];
  missedSince: Map<SessionId, number>;
  counts: SweepCounts;
}

async function compare(deps: SweepDeps, { cid, rows, missedSince, counts }: Compared): Promise<void> {
  const participants = await deps.media.participants(cid);
  const seen = new Map(participants.map((participant) => [participant.identity, participant]));
  for (const participant of participants) {
    if (await isStray(deps, cid, participant)) {
      counts.strays++;
      await deps.media.remove({ cid, identity: participant.identity });
    }
  }
  for (const row of rows) {
    const participant = seen.get(row.identity ?? '');
    if (participant) {
      missedSince.delete(row.id);
      if (await mend(deps, row, participant)) counts.mended++;
    } else if (await isLost(deps, row, missedSince)) {
      counts.lost++;
      // What the row named when the list was made: whoever came in between has another name there.
      await deps.lost(row.id, row.participant_sid);
    }
  }
}

/** Nobody may be there without a session that is pending or active. Read now: a session may have begun meanwhile. */
async function isStray(
  { database, found }: SweepDeps,
  cid: CallCid,
  participant: SeenParticipant,
): Promise<boolean> {
  const { identity, service } = participant;
  const id = sessionOfIdentity(identity);
  const row = id && (await database.read((snapshot) => findSession(snapshot, id)));
  if (row && row.identity === identity) return row.state !== 'pending' && row.state !== 'active';
  return service === null || !(await found(cid, participant));
}

/** Brings a session to what policy says when the media server shows something else. */
async function mend(
  deps: SweepDeps,
  { id }: MediaSessionRow,
  participant: SeenParticipant,
): Promise<boolean> {
  const { database, judge, enforcement } = deps;
  const now = await database.read(async (snapshot) => {
    const row = await findSession(snapshot, id);
    return row && { row, judged: await judgeSession(snapshot, judge, row) };
  });
  if (now?.row.state !== 'active') return false;
  const { row, judged } = now;
  if (judged.refusal !== null) await enforcement.rebind([selectorOf(row)]);
  else if (judged.wanted === null || participant.holds(judged.wanted)) return false;
  else await enforcement.applyPolicy({ id });
  return true;
}

/** Missed for long enough, and still not there: a join may have come between the list and now. */
async function isLost(
  { clock }: SweepDeps,
  { id }: MediaSessionRow,
  missedSince: Map<SessionId, number>,
): Promise<boolean> {
  const now = clock.now();
  const since = missedSince.get(id) ?? now;
  missedSince.set(id, since);
  return now - since >= LOST_MS;
}

function byCall(rows: readonly MediaSessionRow[]): Map<CallCid, MediaSessionRow[]> {
  const calls = new Map<CallCid, MediaSessionRow[]>();
  for (const row of rows) calls.set(row.cid, [...(calls.get(row.cid) ?? []), row]);
  return calls;
}

function forgetOthers(missedSince: Map<SessionId, number>, live: readonly MediaSessionRow[]): void {
  const ids = new Set(live.map(({ id }) => id));
  for (const id of missedSince.keys()) if (!ids.has(id)) missedSince.delete(id);
}

async function inLots<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    await Promise.all(items.slice(at, at + AT_ONCE).map(work));
  }
}
