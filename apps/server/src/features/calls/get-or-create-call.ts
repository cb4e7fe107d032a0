import type { CallCid, CallRequest, GetOrCreateCallRequest } from '@callgate/contract';
import { inputError, notSupported } from '../../kernel/errors.ts';
import { requireCallType } from '../call-types/index.ts';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
} from '../enforcement/index.ts';
import { type LoadedPolicy, refusal } from '../policy/index.ts';
import { demandActingFor } from './acting-for.ts';
import { type CallFields, callDifference, changedCall, demandFields } from './call-changes.ts';
import { callState } from './call-view.ts';
import { type CallRow, findCall, saveCall } from './calls.store.ts';
import { createCall, createdCallAudit, demandCreate } from './create-call.ts';
import { changeMembers, type MemberChanges, NO_MEMBER_CHANGES, stateMemberEvents } from './member-changes.ts';
import { stateCallUpdated } from './update-call.ts';

/** What rings comes later; asked after the permission (docs/spec/calls.md). */
type Later = Pick<GetOrCreateCallRequest, 'ring' | 'notify'>;

export interface GetOrCreateInput extends GetOrCreateCallRequest {
  cid: CallCid;
}

/**
 * Creates the call (201), or changes and answers the existing one (200). On an existing call each field that `data`
 * names needs its own capability, else 403/17 and nothing changes. Naming what is there already changes nothing.
 */
export function getOrCreateCall(
  acts: Acts,
  request: ActRequest,
  input: GetOrCreateInput,
): Promise<ActReply<Awaited<ReturnType<typeof callState>> & { created: boolean }>> {
  return acts.perform(request, async (act) => {
    const { cid, members_limit: membersLimit } = input;
    const data = input.data ?? {};
    await act.tx.lock(`call:${cid}`);
    const found = await findCall(act.tx, cid);
    const row = found ? await changeExisting(act, found, data, input) : await createNew(act, data, input);
    const mine = await act.callerPolicy(cid);
    const state = await callState(act.tx, row, { now: act.now, mine, membersLimit });
    return { ...state, created: found === undefined };
  });
}

async function createNew(act: Act, data: CallRequest, input: GetOrCreateInput): Promise<CallRow> {
  const { cid, video } = input;
  const permitted = await demandCreate(act, { cid, data });
  refuseLater(input);
  const created = await createCall(act, { cid, data, video }, permitted);
  act.created();
  act.audit({
    action: 'call.create',
    cid,
    asId: act.caller.kind === 'server' ? created.creator : null,
    target: { type: 'call', id: cid },
    after: createdCallAudit(created),
  });
  return created.row;
}

async function changeExisting(act: Act, row: CallRow, data: CallRequest, later: Later): Promise<CallRow> {
  const mine = await act.callerPolicy(row.cid);
  if (mine && mine.readRefusal !== null) throw refusal(mine.readRefusal);
  await demandRing(act, mine, row.cid, data, later);
  demandExisting(mine, row, data);
  refuseLater(later);
  const asId = await demandActingFor(act, data.created_by_id, 'created_by_id');

  const type = await requireCallType(act.tx, row.type);
  const after = changedCall(row, type, data, act.now, 'data.');
  const members = data.members
    ? await changeMembers(act, mine, row, { update: data.members, field: 'data.members' })
    : NO_MEMBER_CHANGES;
  if (after !== row) await saveCall(act.tx, after);
  await stateChanges(act, { row, after, members, asId });
  return after;
}

function demandExisting(mine: LoadedPolicy | undefined, row: CallRow, data: CallRequest): void {
  demandFields(mine, data as CallFields);
  if (data.members) demandCapability(mine, 'update-call-member');
  if (data.members?.some((member) => member.role !== undefined)) {
    demandCapability(mine, 'update-call-member-role');
  }
  if (data.team !== undefined && data.team !== row.team) {
    throw inputError('data.team', 'is set when a call is created and never changes');
  }
}

/** One audit record, and the events of what changed: of the call, of its members. */
async function stateChanges(
  act: Act,
  change: { row: CallRow; after: CallRow; members: MemberChanges; asId: CallRow['created_by_id'] },
): Promise<void> {
  const { row, after, members, asId } = change;
  if (after === row && members.count === 0) return;
  const { cid } = row;
  const difference = callDifference(row, after);
  act.audit({
    action: 'call.update',
    cid,
    asId,
    target: { type: 'call', id: cid },
    before: { ...difference.before, ...(members.count > 0 && { members: members.before }) },
    after: { ...difference.after, ...(members.count > 0 && { members: members.after }) },
  });
  if (after !== row) await stateCallUpdated(act, row, after);
  await stateMemberEvents(act, after, members);
}

/** Ringing and notifying are refused to the banned and the blocked before anything else is said of them. */
async function demandRing(
  act: Act,
  mine: LoadedPolicy | undefined,
  cid: CallCid,
  data: CallRequest,
  { ring, notify }: Later,
): Promise<void> {
  if (!ring && !notify) return;
  const onBehalf = data.created_by_id;
  if (mine?.createRefusal) throw refusal(mine.createRefusal);
  if (mine || !onBehalf) return;
  const theirs = await act.policy.inCall(act.tx, { userId: onBehalf, token: null, address: null }, cid);
  if (theirs.createRefusal) throw refusal(theirs.createRefusal);
}

/** 400/19 naming what comes with the next version. */
export function refuseLater(asked: Later): void {
  for (const field of ['ring', 'notify'] as const) if (asked[field]) throw notSupported(field);
}
