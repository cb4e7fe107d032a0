import type {
  CallCid,
  JoinCallRequest,
  JoinCredentials,
  RoleName,
  SessionId,
  UserId,
} from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { inputError, notAllowed, notFound } from '../../kernel/errors.ts';
import { newId } from '../../kernel/id.ts';
import type { Act, ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import {
  addSession,
  identityOf,
  type JoinTokens,
  type MediaPlane,
  type MediaSessionRow,
  NO_SERVICE,
} from '../media/index.ts';
import { type Asked, askedBy, type LoadedPolicy, refusal } from '../policy/index.ts';
import { createAnonymousPerson, rememberAddress } from '../users/index.ts';
import { admit, stateForIssued } from './admit-session.ts';
import type { callState } from './call-view.ts';
import { type CallRow, findCall } from './calls.store.ts';
import { createCall, createdCallAudit, demandCreate } from './create-call.ts';
import { type Ring, type Rings, ringIfAsked, runningSession } from './rings.ts';

export interface JoinInput extends JoinCallRequest {
  cid: CallCid;
  /** Where the caller reaches the media door: `ws://` or `wss://`, without a path. */
  door?: string;
}

export interface JoinDeps {
  acts: Acts;
  rings: Rings;
  media: MediaPlane;
  joinTokens: JoinTokens;
}

type CallState = Awaited<ReturnType<typeof callState>>;

/** What a join's transaction stores as its reply; the call as it is seen is read after the second step. */
interface Joined {
  session_id: SessionId;
  created: boolean;
}

/**
 * Makes a session for a device of a person. With a media server it is `issued`: the credentials of the answer open the
 * door (`door.ts`), which takes the seat and asks policy again. Without one the person is in the call at once, in the two
 * steps of the door: one commit notes the session as `pending` and takes a seat, another asks policy again and makes it
 * `active`. An act that commits between the two either sees the session or is seen by the second step, so nobody
 * slips in beside a ban (docs/spec/sessions.md). 403/17 with the reason when policy refuses, 404/16 without the call unless
 * `create` says to make it.
 */
export async function joinCall(
  deps: JoinDeps,
  request: ActRequest,
  input: JoinInput,
): Promise<ActReply<CallState & Joined & { credentials: JoinCredentials | null }>> {
  const { acts, media } = deps;
  const reply = await acts.perform(request, (act) => reserve(act, deps, input));
  const joined = reply.body;
  const shown = { request, id: joined.session_id, membersLimit: input.members_limit };
  if (!media.configured) {
    const state = await admit(acts, shown);
    return { ...reply, body: { ...state, ...joined, credentials: null } };
  }
  const { state, session } = await stateForIssued(acts, shown);
  const credentials = credentialsOf(deps, session, input.door ?? '');
  return { ...reply, body: { ...state, ...joined, credentials } };
}

/** The way to the media door. Made anew for a repeated request: it opens nothing that the session does not. */
function credentialsOf(
  { acts, joinTokens }: JoinDeps,
  { id, cid, identity, epoch }: MediaSessionRow,
  url: string,
): JoinCredentials {
  if (identity === null) throw new Error(`the session ${id} has no identity at the media server`);
  const { token, expiresAt } = joinTokens.sign({ sessionId: id, cid, identity, epoch }, acts.clock.now());
  return { url, token, expires_at: toTime(expiresAt), ice_servers: [] };
}

/** Step one: everything that can refuse, the person's row, the seat and the address. */
async function reserve(act: Act, { rings, media }: JoinDeps, input: JoinInput): Promise<Joined> {
  const { cid } = input;
  const asked = askedToJoin(act, input);
  await act.tx.lock(`call:${cid}`, ...(asked.userId ? [`pair:${cid}/${asked.userId}` as const] : []));
  const nextSession = newId<SessionId>(act.now);
  const { row, created, ring } = await callToJoin(act, { rings, asked, nextSession }, input);
  const mine = await act.policy.inCall(act.tx, asked, cid);
  demandJoin(mine, input);

  const person = asked.userId ?? (await createAnonymousPerson(act, expiryOf(act))).id;
  const call_session_id = runningSession(row, act.now) || nextSession;
  const isHidden = input.hidden === true;
  const atMedia = media.configured;
  const session = newSession(act, { row, person, mine, call_session_id, isHidden, atMedia });
  await addSession(act.tx, session);
  await rememberAddress(act.tx, person, act.address, act.now);
  act.created();
  auditJoin(act, session, created ?? ring?.audit, created !== undefined);
  await ring?.start(call_session_id);
  return { session_id: session.id, created: created !== undefined };
}

/** Who joins: the user of the token, whom a server token names, or somebody anonymous (null). */
function askedToJoin(act: Act, { user_id }: JoinInput): Asked {
  const { caller } = act;
  if (caller.kind === 'server') {
    if (user_id === undefined) throw inputError('user_id', 'is required with a server token: who joins');
    return { userId: user_id, token: null, address: null };
  }
  if (user_id !== undefined && !(caller.kind === 'user' && caller.userId === user_id)) {
    throw notAllowed('user_id must be absent or the user of the token');
  }
  return askedBy(caller, act.address);
}

interface Ringing {
  rings: Rings;
  /** Who joins, and so rings. */
  asked: Asked;
  /** The session that begins with the join when none is running. */
  nextSession: SessionId;
}

/** The call, made when it is not there and `create` says so; in one that is there, whom the join rings. */
async function callToJoin(
  act: Act,
  { rings, asked, nextSession }: Ringing,
  { cid, create, data = {}, video, ring, notify, hidden }: JoinInput,
): Promise<{ row: CallRow; ring?: Ring; created?: ReturnType<typeof createdCallAudit> }> {
  if (hidden && (ring || notify)) throw inputError(ring ? 'ring' : 'notify', 'hidden people ring nobody');
  const by = { ring, notify, video, ...(asked.userId !== null && { named: asked.userId }) };
  const row = await findCall(act.tx, cid);
  if (row) return { row, ring: await ringIfAsked(rings, act, { ...by, call: row }) };
  if (!create) throw notFound('call', cid);
  const named = data.created_by_id ?? (act.caller.kind === 'server' ? asked.userId : null);
  const wanted = { cid, data: named === null ? data : { ...data, created_by_id: named }, video };
  const permitted = await demandCreate(act, wanted);
  const call = await createCall(act, wanted, permitted, { ...by, rings, sessionId: nextSession });
  return { row: call.row, created: createdCallAudit(call) };
}

/** 403/17 with the first reason. A hidden person takes no seat, so a full call does not refuse them. */
function demandJoin(mine: LoadedPolicy, input: JoinInput): void {
  const isHidden = input.hidden === true;
  if (mine.joinRefusal !== null && !(isHidden && mine.joinRefusal === 'full'))
    throw refusal(mine.joinRefusal);
  if (isHidden && !mine.capabilities.has('join-hidden'))
    throw notAllowed('this needs the capability join-hidden');
}

const expiryOf = ({ caller }: Act): number | null =>
  caller.kind === 'server' ? null : caller.token.expiresAt;

interface Joining {
  row: CallRow;
  person: UserId;
  mine: LoadedPolicy;
  call_session_id: SessionId;
  isHidden: boolean;
  /** A media server is to hold it. */
  atMedia: boolean;
}

function newSession(
  act: Act,
  { row, person, mine, call_session_id, isHidden, atMedia }: Joining,
): MediaSessionRow {
  const { token, participation, person: facts } = mine.facts;
  const claim = token?.role && token.callCids?.includes(row.cid) ? token.role : null;
  const id = newId<SessionId>(act.now);
  return {
    id,
    cid: row.cid,
    user_id: person,
    call_session_id,
    state: atMedia ? 'issued' : 'pending',
    role_claim: claim,
    shown_role: shownRole(participation.memberRole, claim, facts.role),
    anonymous: act.caller.kind === 'anonymous' ? 1 : 0,
    hidden: isHidden ? 1 : 0,
    epoch: participation.epoch,
    token_issued_at: token?.issuedAt ?? null,
    by_server: act.caller.kind === 'server' ? 1 : 0,
    address: act.address,
    ...NO_SERVICE,
    node: null,
    identity: atMedia ? identityOf(person, id) : null,
    boot_id: null,
    participant_sid: null,
    // Later than the end of the call: sessions of before are over, this one was let in after (`join-ended-call`).
    created_at: row.ended_at === null ? act.now : Math.max(act.now, row.ended_at + 1),
    joined_at: null,
    ended_at: null,
    end_reason: null,
  };
}

/** The call role, else the role that the token claims, else the application's. */
const shownRole = (member: RoleName | null, claim: RoleName | null, own: RoleName): RoleName =>
  member ?? claim ?? own;

/** One record per join: of the call's creation, when the join made it. */
function auditJoin(act: Act, session: MediaSessionRow, beside: object | undefined, created: boolean): void {
  const { cid, user_id, id, hidden } = session;
  act.audit({
    action: created ? 'call.create' : 'call.join',
    cid,
    asId: act.caller.kind === 'server' ? user_id : null,
    target: created ? { type: 'call', id: cid } : { type: 'user', id: user_id },
    after: { ...beside, user_id, session_id: id, ...(hidden === 1 && { hidden: true }) },
  });
}
