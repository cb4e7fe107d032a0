import { type CallCid, type CallRequest, partsOf, type UserId } from '@callgate/contract';
import { inputError, notAllowed, notFound } from '../../kernel/errors.ts';
import {
  type CallType,
  checkCustomSize,
  checkSettingsSize,
  holdCallType,
  requireCallType,
} from '../call-types/index.ts';
import { type Act, requireActor } from '../enforcement/index.ts';
import { askedBy, callerUserId, participantPolicy, refusal } from '../policy/index.ts';
import { effectiveSettings } from './call.ts';
import { startsAt } from './call-changes.ts';
import { type MemberRow, type MemberWithUser, saveMembers } from './call-members.store.ts';
import { callForEvent, memberResponse, withUser } from './call-view.ts';
import { addCall, type CallRow } from './calls.store.ts';
import { CALL_MEMBER, demandRoleBelow, HOST, wantedMembers } from './member.ts';
import { type Ring, type Rings, type RingWishes, ringIfAsked } from './rings.ts';

/** What a new call is made of. */
export interface NewCall {
  cid: CallCid;
  data: CallRequest;
  /** Ring as a video call; default true. */
  video?: boolean | undefined;
}

/** Ringing beside the creation of a call. */
export interface NewRing extends RingWishes {
  rings: Rings;
  /** Who rings, when it is not the creator. */
  named?: UserId | undefined;
  /** The session that the one who rings joins; '' when they do not. */
  sessionId?: string;
}

/** A call that was just created, with its members. */
export interface CreatedCall {
  row: CallRow;
  members: MemberWithUser[];
  creator: UserId;
  ring: Ring;
}

/**
 * The person who would create the call, when they may: 403/17 without `create-call`, for the banned, and for another
 * `created_by_id` than the token's; 400/4 for a server token without one; 404/16 for an unknown type or person.
 */
export async function demandCreate(
  act: Act,
  { cid, data }: NewCall,
): Promise<{ creator: UserId; type: CallType }> {
  const { type: name } = partsOf(cid);
  if (!(await holdCallType(act.tx, name))) throw notFound('call type', name);
  const type = await requireCallType(act.tx, name);
  const creator = await creatorOf(act, data.created_by_id);
  await demandMayCreate(act, { cid, data }, creator, type);
  return { creator, type };
}

async function creatorOf(act: Act, named: UserId | undefined): Promise<UserId> {
  const { caller } = act;
  if (caller.kind === 'anonymous') throw notAllowed('anonymous people do not create calls');
  if (caller.kind === 'user') {
    if (named === undefined || named === caller.userId) return caller.userId;
    throw notAllowed('created_by_id must be absent or the user of the token');
  }
  if (named === undefined) {
    throw inputError('data.created_by_id', 'is required with a server token when the call is new');
  }
  await requireActor(act.tx, act.policy, named);
  return named;
}

/** Asks the one policy function about the call as it would be, before its creator is its host. */
async function demandMayCreate(
  act: Act,
  { cid, data }: NewCall,
  creator: UserId,
  type: CallType,
): Promise<void> {
  const { caller, tx, policy, now } = act;
  const isServer = caller.kind === 'server';
  const asked = isServer ? { userId: creator, token: null, address: null } : askedBy(caller, act.address);
  const [app, person, standing] = await Promise.all([
    policy.sources.app(tx),
    policy.person(tx, asked),
    policy.sources.standing(tx, creator, cid, now),
  ]);
  const settings = type.settings;
  const team = data.team ?? null;
  const decided = participantPolicy({
    now,
    app,
    person,
    token: asked.token,
    call: {
      ...{ cid, team, settings, grants: type.grants, backstage: false },
      ...{ startsAt: null, endedAt: null, sessionStartedAt: null, seatsTaken: 0 },
    },
    participation: {
      ...{ memberRole: null, blocked: false, bannedHere: standing?.participation.bannedHere ?? false },
      ...{ granted: new Set(), revoked: new Set(), epoch: 0 },
    },
  });
  if (decided.createRefusal !== null) throw refusal(decided.createRefusal);
  if (!isServer && !decided.capabilities.has('create-call')) {
    throw notAllowed('this needs the capability create-call');
  }
}

/**
 * Writes a new call with its members, and states the event. The caller of this function has locked `call:<cid>`,
 * found no row and asked `demandCreate`; it writes the audit record.
 */
export async function createCall(
  act: Act,
  input: NewCall,
  { creator, type }: { creator: UserId; type: CallType },
  { rings, named = creator, sessionId = '', ...wishes }: NewRing,
): Promise<CreatedCall> {
  const row = newRow(act, input, creator, type);
  const members = await newMembers(act, row, input.data, creator);
  await addCall(act.tx, row);
  await saveMembers(
    act.tx,
    members.map(({ row: member }) => member),
  );
  const shown = members.map((member) => withUser(member.row, member.user));
  const ring = await ringIfAsked(rings, act, { ...wishes, call: row, named });
  act.event({
    type: 'call.created',
    cid: row.cid,
    // Who hears nothing of the ring is not told of it by this event either.
    audience: { members: true, users: [creator], ...(ring.silent.length > 0 && { except: ring.silent }) },
    payload: {
      call: await callForEvent(act.tx, row, act.now),
      members: shown.map((member) => memberResponse(member, act.now)),
      ringing: wishes.ring === true,
    },
  });
  await ring.start(sessionId);
  return { row, members: shown, creator, ring };
}

/** What the audit log keeps of a new call. */
export const createdCallAudit = ({ row, members, creator, ring }: CreatedCall) => ({
  created_by_id: creator,
  custom: JSON.parse(row.custom) as unknown,
  settings_override: JSON.parse(row.settings_override) as unknown,
  starts_at: row.starts_at,
  team: row.team,
  members: members.map((member) => ({ user_id: member.id, role: member.member_role })),
  ...ring.audit,
});

function newRow(act: Act, { cid, data, video }: NewCall, creator: UserId, type: CallType): CallRow {
  checkSettingsSize('data.settings_override', data.settings_override);
  checkCustomSize('data.custom', data.custom);
  const settings_override = JSON.stringify(data.settings_override ?? {});
  const { backstage } = effectiveSettings(type, settings_override);
  return {
    cid,
    ...partsOf(cid),
    created_by_id: creator,
    team: data.team ?? null,
    custom: JSON.stringify(data.custom ?? {}),
    settings_override,
    video: (data.video ?? video ?? true) ? 1 : 0,
    backstage: backstage.enabled ? 1 : 0,
    starts_at: startsAt(data.starts_at, null, 'data.starts_at'),
    ended_at: null,
    live_started_at: null,
    live_ended_at: null,
    session_id: null,
    session_started_at: null,
    session_emptied_at: null,
    rung_at: null,
    rings_since: 0,
    seq: 0,
    created_at: act.now,
    updated_at: act.now,
  };
}

/** The creator is host unless listed with another role; a user token gives others only roles below its own. */
async function newMembers(act: Act, row: CallRow, data: CallRequest, creator: UserId) {
  const wanted = await wantedMembers(act, row, data.members ?? [], 'data.members');
  const giver = await creatorRank(act, creator);
  for (const { user, role } of wanted) {
    const kept = user.id === creator ? HOST : undefined;
    await demandRoleBelow(act, giver, { userId: user.id, role, kept });
  }
  return wanted.map(({ user, role, custom }) => {
    const member: MemberRow = {
      cid: row.cid,
      user_id: user.id,
      role: role ?? (user.id === creator ? HOST : CALL_MEMBER),
      custom: JSON.stringify(custom ?? {}),
      created_at: act.now,
      updated_at: act.now,
    };
    return { row: member, user };
  });
}

async function creatorRank(act: Act, creator: UserId): Promise<{ id: UserId; rank: number } | undefined> {
  if (callerUserId(act.caller) !== creator) return undefined;
  const [ranks, user] = await Promise.all([
    act.policy.sources.rankOf(act.tx),
    act.policy.sources.user(act.tx, creator),
  ]);
  const own = user ? (ranks.get(user.role) ?? 0) : 0;
  return { id: creator, rank: Math.max(own, ranks.get(HOST) ?? 0) };
}
