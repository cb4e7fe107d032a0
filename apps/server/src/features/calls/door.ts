import { randomUUID } from 'node:crypto';
import type { CallCid, SessionId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { ApiError } from '../../kernel/errors.ts';
import type { Database, Handle, Tx } from '../../storage/database.ts';
import {
  type Enforcement,
  type Judge,
  judgeSession,
  mediaSessionOf,
  refusalOf,
} from '../enforcement/index.ts';
import { appendEvents } from '../events/index.ts';
import {
  endSession,
  findDialled,
  findSession,
  isService,
  type JoinClaims,
  type MediaPlace,
  type MediaSession,
  type MediaSessionRow,
  openSession,
  openSessionAgain,
  placeSession,
  type SeenParticipant,
  selectorOf,
  setSessionAside,
  type WantedMedia,
} from '../media/index.ts';
import { type PolicyReader, refusal } from '../policy/index.ts';
import { rememberAddress } from '../users/index.ts';
import { activate, policyOfSession } from './admit-session.ts';
import { lostTurn, overError, replacedError } from './door-errors.ts';
import { activateService } from './service-participants.ts';
import { demandService, endDialled, foundService, issueService } from './services-at-the-door.ts';
import { sessionEndings } from './session-endings.ts';

/** Who knocks at the media door, and how. */
export interface Knock {
  claims: JoinClaims;
  /** Null: not known or not to count. */
  address: string | null;
  /** The participant that a client goes on with; null: it joins anew. */
  resumes: string | null;
}

/** Somebody who may dial. */
export interface Knocked {
  /** What (a) has left in the row: (d) finds it there, or another connection came after. */
  turn: string;
  session: MediaSession;
  wanted: WantedMedia;
  /** The session as it stands on disk. */
  row: MediaSessionRow;
}

/**
 * The door protocol of design section 3; the letters are those of docs/spec/door. Whoever serves the door calls the three
 * in this order, dials between the first two, and relays nothing before the last has resolved.
 */
export interface Door {
  /**
   * (a) `issued` becomes `pending` and takes a seat, or a pending or active session gets one more connection; commit.
   * (b) policy is asked in a new snapshot. Throws 403/17 with the reason. `undefined`: what the client wants to go on with is
   * not there any more, and it must join in full.
   */
  knock(knock: Knock): Promise<Knocked | undefined>;
  /**
   * Before (c), by whoever lets connections of a session dial one after the other: throws 403/17 `replaced` when another has come
   * since (a), or the reason why the session is over. Who dials without the turn would throw out who has it.
   */
  demandTurn(id: SessionId, turn: string): Promise<void>;
  /**
   * (d) One transaction: the session is pending or active, its epoch and policy still allow it; then it is active. Otherwise the error with the reason,
   * and what the media server holds of it is being removed when this resolves.
   */
  letIn(id: SessionId, where: MediaPlace, turn: string): Promise<ApiError | undefined>;
  /**
   * (d2) The last look before (e), in a new snapshot: an act that committed before (d) may not have known that there was something
   * to tell, so what was dialled with is compared with what is wanted now, and told when it differs.
   */
  bring(id: SessionId, dialled: WantedMedia): Promise<ApiError | undefined>;
  /** As (a) and (b) would answer: throws what they throw, and changes nothing. */
  look(knock: Knock): Promise<void>;
  /** The session is over: its client did what no honest client does. */
  expelled(id: SessionId): Promise<void>;
  /** As `lost`, and told as `left`: SDKs say that they leave before they join in full with the token that they have. */
  left(id: SessionId, participantSid: string | null): Promise<void>;
  /**
   * The media server holds the session no more. It is out of the call and has no seat, but its client may come back with the same
   * token, through the whole door. `participantSid`: what the row names; where it names another by now, nothing.
   */
  lost(id: SessionId, participantSid: string | null): Promise<void>;
  /** Takes in a service that dialled the media server by itself; false: it may not be there. */
  found(cid: CallCid, participant: SeenParticipant): Promise<boolean>;
  /** Such a service is gone. */
  gone(cid: CallCid, participant: Pick<SeenParticipant, 'identity' | 'sid'>): Promise<void>;
}

export interface DoorDeps {
  database: Database;
  clock: Clock;
  policy: PolicyReader;
  enforcement: Enforcement;
  judge: Judge;
  onEvents: () => void;
  /** The process, for `media_sessions.node`. */
  node: string;
}

export function createDoor(deps: DoorDeps): Door {
  const { database, enforcement, judge, onEvents } = deps;
  const ruled = { ...judge, database, clock: deps.clock };

  const removeNow = (row: MediaSessionRow): Promise<void> => enforcement.rebind([selectorOf(row)]);

  const aside = async (gone: Gone): Promise<void> => {
    await database.write((tx) => setAside(tx, deps, gone));
    onEvents();
  };

  return {
    async knock(knock) {
      const opened = await database.write((tx) => open(tx, deps, knock)); // (a)
      if (!opened) return undefined;
      const { row, session } = opened;
      const judged = await database.read((snapshot) => judgeSession(snapshot, judge, row)); // (b)
      if (judged.refusal === null && judged.wanted)
        return { session, wanted: judged.wanted, row, turn: opened.turn };
      await removeNow(row);
      throw refusal(judged.refusal ?? 'no_capability');
    },
    look: (knock) => database.read((snapshot) => look(snapshot, deps, knock)),
    async demandTurn(id, turn) {
      const lost = lostTurn(await database.read((snapshot) => findSession(snapshot, id)), turn);
      if (lost) throw lost;
    },
    async letIn(id, where, turn) {
      const { row, error } = await database.write((tx) => settleIn(tx, deps, { id, where, turn })); // (d)
      onEvents();
      if (error !== undefined && row) await removeNow(row);
      return error;
    },
    async bring(id, dialled) {
      const { isRefused } = await enforcement.applyPolicy({ id }, dialled); // (d2)
      const row = await database.read((snapshot) => findSession(snapshot, id));
      if (row && isRefused) await removeNow(row);
      if (!isRefused && row?.state === 'active') return undefined;
      return overError(await database.read((snapshot) => findSession(snapshot, id)));
    },
    async expelled(id) {
      const row = await database.write((tx) => expel(tx, deps, id));
      if (!row) return;
      onEvents();
      await removeNow(row);
    },
    left: (id, participantSid) => aside({ id, participantSid, reason: 'left' }),
    lost: (id, participantSid) => aside({ id, participantSid, reason: 'timeout' }),
    async found(cid, participant) {
      const mayStay = await foundService(ruled, cid, participant);
      onEvents();
      return mayStay;
    },
    async gone(cid, { identity, sid }) {
      await database.write(async (tx) => {
        const row = await findDialled(tx, cid, identity);
        if (row) await endDialled(tx, deps, row, { sid, reason: 'left' });
      });
      onEvents();
    },
  };
}

/** Step (a). */
async function open(
  tx: Tx,
  { clock, node, policy, judge }: DoorDeps,
  { claims, address, resumes }: Knock,
): Promise<{ row: MediaSessionRow; session: MediaSession; turn: string } | undefined> {
  const { sessionId, cid, identity } = claims;
  await tx.lock(`call:${cid}`);
  const found = (await findSession(tx, sessionId)) ?? (await issued(tx, { ...judge, clock }, claims));
  const session = found && mediaSessionOf(found);
  if (!found || !session || found.cid !== cid || session.identity !== identity) throw overError(undefined);
  if (found.state === 'revoked' || found.state === 'ended') throw overError(found);
  if (resumes !== null && (found.state !== 'active' || found.participant_sid !== resumes)) return undefined;
  if (found.state === 'issued') await demandSeat(tx, policy, found);
  const turn = resumes ?? `dialling:${randomUUID()}`;
  const by = { address: found.by_server === 1 ? null : address, node, turn };
  const row = (await openSession(tx, sessionId, by)) ?? (await openSessionAgain(tx, sessionId, by));
  // An act was faster: the row as it is now has the reason.
  if (!row) throw overError(await findSession(tx, sessionId));
  if (!isService(row)) await rememberAddress(tx, row.user_id, by.address, clock.now());
  return { row, session, turn };
}

async function look(handle: Handle, deps: DoorDeps, { claims, address }: Knock): Promise<void> {
  const { policy, judge, clock } = deps;
  const { service } = claims;
  const row = await findSession(handle, claims.sessionId);
  if (!row && service) return demandService(handle, { ...judge, clock }, { ...claims, service });
  if (!row || row.cid !== claims.cid || row.identity !== claims.identity) throw overError(undefined);
  if (row.state === 'revoked' || row.state === 'ended') throw overError(row);
  if (isService(row)) {
    const refused = await refusalOf(handle, judge, row);
    if (refused !== null) throw refusal(refused);
    return;
  }
  const from = row.by_server === 1 ? null : (address ?? row.address);
  const mine = await policyOfSession(handle, policy, { ...row, address: from });
  if (mine.stayRefusal !== null) throw refusal(mine.stayRefusal);
  if (row.state === 'issued' && mine.joinRefusal !== null) throw refusal(mine.joinRefusal);
}

const issued = async (
  tx: Tx,
  deps: Judge & { clock: Clock },
  { service, ...claims }: JoinClaims,
): Promise<MediaSessionRow | undefined> =>
  service ? issueService(tx, deps, { ...claims, service }) : undefined;

/** Under the call's lock, so that two who come for the last seat are asked one after the other. */
async function demandSeat(tx: Tx, policy: PolicyReader, row: MediaSessionRow): Promise<void> {
  if (row.hidden === 1 || isService(row)) return;
  const { facts } = await policyOfSession(tx, policy, row);
  const limit = facts.call.settings.limits.max_participants;
  if (limit !== null && facts.call.seatsTaken >= limit) throw refusal('full');
}

/** Step (d). */
async function settleIn(
  tx: Tx,
  { judge, clock }: DoorDeps,
  { id, where, turn }: { id: SessionId; where: MediaPlace; turn: string },
): Promise<{ row?: MediaSessionRow; error?: ApiError }> {
  const row = await findSession(tx, id);
  const lost = lostTurn(row, turn);
  if (!row || lost) return { ...(row && { row }), error: lost ?? overError(row) };
  const refused = await refusalOf(tx, judge, row);
  if (refused !== null) return { row, error: refusal(refused) };
  const placed = await placeSession(tx, id, where, turn);
  // Another connection, or an act, was faster since the row was read.
  if (!placed) return { row, error: lostTurn(await findSession(tx, id), turn) ?? replacedError() };
  if (placed.state === 'pending' && isService(placed)) await activateService(tx, id, clock.now());
  else if (placed.state === 'pending') await activate(tx, placed, clock.now());
  return { row: placed };
}

/** The session as it is under the call's lock, which those take who count its people. */
async function heldSession(tx: Tx, id: SessionId): Promise<MediaSessionRow | undefined> {
  const row = await findSession(tx, id);
  if (!row) return undefined;
  await tx.lock(`call:${row.cid}`);
  return findSession(tx, id);
}

/** Ends a session that nobody's act ended. */
async function expel(tx: Tx, { clock }: DoorDeps, id: SessionId): Promise<MediaSessionRow | undefined> {
  const now = clock.now();
  const reason = 'not_allowed';
  if (!(await heldSession(tx, id))) return undefined;
  const ended = await endSession(tx, id, now, reason);
  if (ended) await appendEvents(tx, await sessionEndings.onSessionEnded(tx, ended, reason, now), now);
  return ended;
}

/** What is there no more, by the name that the row has of it. */
interface Gone {
  id: SessionId;
  participantSid: string | null;
  reason: 'left' | 'timeout';
}

async function setAside(tx: Tx, { clock }: DoorDeps, { id, participantSid, reason }: Gone): Promise<void> {
  const now = clock.now();
  const row = await heldSession(tx, id);
  if (row?.participant_sid !== participantSid) return;
  if (isService(row) && row.service_key === null) {
    await endDialled(tx, { clock }, row, { sid: participantSid ?? '', reason });
    return;
  }
  if (!(await setSessionAside(tx, id, now))) return;
  await appendEvents(tx, await sessionEndings.onSessionEnded(tx, row, reason, now), now);
}
