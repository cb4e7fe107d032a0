import type { CallCid, CallRequest, GetOrCreateCallRequest } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
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
import { type Ring, type Rings, ringIfAsked, runningSession } from './rings.ts';
import { stateCallUpdated } from './update-call.ts';

export interface GetOrCreateInput extends GetOrCreateCallRequest {
  cid: CallCid;
}

/**
 * Creates the call (201), or changes and answers the existing one (200). On an existing call each field that `data`
 * names needs its own capability, else 403/17 and nothing changes. Naming what is there already changes nothing.
 */
export function getOrCreateCall(
  { acts, rings }: { acts: Acts; rings: Rings },
  request: ActRequest,
  input: GetOrCreateInput,
): Promise<ActReply<Awaited<ReturnType<typeof callState>> & { created: boolean }>> {
  return acts.perform(request, async (act) => {
    const { cid, members_limit: membersLimit } = input;
    await act.tx.lock(`call:${cid}`);
    const found = await findCall(act.tx, cid);
    const row = found ? await changeExisting(act, rings, found, input) : await createNew(act, rings, input);
    const mine = await act.callerPolicy(cid);
    const state = await callState(act.tx, row, { now: act.now, mine, membersLimit });
    return { ...state, created: found === undefined };
  });
}

async function createNew(act: Act, rings: Rings, input: GetOrCreateInput): Promise<CallRow> {
  const { cid, video, data = {}, ring, notify } = input;
  const permitted = await demandCreate(act, { cid, data });
  const created = await createCall(act, { cid, data, video }, permitted, { rings, ring, notify, video });
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

async function changeExisting(
  act: Act,
  rings: Rings,
  row: CallRow,
  input: GetOrCreateInput,
): Promise<CallRow> {
  const data = input.data ?? {};
  const mine = await act.callerPolicy(row.cid);
  if (mine && mine.readRefusal !== null) throw refusal(mine.readRefusal);
  demandExisting(mine, row, data);
  const asId = await demandActingFor(act, data.created_by_id, 'created_by_id');

  const type = await requireCallType(act.tx, row.type);
  const after = changedCall(row, type, data, act.now, 'data.');
  const members = data.members
    ? await changeMembers(act, mine, row, { update: data.members, field: 'data.members' })
    : NO_MEMBER_CHANGES;
  if (after !== row) await saveCall(act.tx, after);
  const { ring: rung, notify, video } = input;
  const wishes = { ring: rung, notify, video: video ?? data.video };
  const ring = await ringIfAsked(rings, act, { ...wishes, call: after, named: data.created_by_id });
  await stateChanges(act, { row, after, members, asId, ring });
  await ring.start(runningSession(after, act.now));
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
  change: {
    row: CallRow;
    after: CallRow;
    members: MemberChanges;
    asId: CallRow['created_by_id'];
    ring: Ring;
  },
): Promise<void> {
  const { row, after, members, asId, ring } = change;
  const { cid } = row;
  if (after === row && members.count === 0) {
    if (ring.audit)
      act.audit({ action: 'call.ring', cid, asId, target: { type: 'call', id: cid }, after: ring.audit });
    return;
  }
  const difference = callDifference(row, after);
  act.audit({
    action: 'call.update',
    cid,
    asId,
    target: { type: 'call', id: cid },
    before: { ...difference.before, ...(members.count > 0 && { members: members.before }) },
    after: { ...difference.after, ...(members.count > 0 && { members: members.after }), ...ring.audit },
  });
  if (after !== row) await stateCallUpdated(act, row, after);
  await stateMemberEvents(act, after, members);
}
