import type { CallCid, UpdateCallRequest } from '@callgate/contract';
import { requireCallType } from '../call-types/index.ts';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
} from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField } from '../users/index.ts';
import { demandActingFor } from './acting-for.ts';
import { requireCall } from './call.ts';
import { callDifference, changedCall, demandFields } from './call-changes.ts';
import { callForEvent, callState } from './call-view.ts';
import { type CallRow, holdCall, saveCall } from './calls.store.ts';
import { armSessionLimit } from './session-timers.ts';

/**
 * Changes settings, custom data and planned start of a call; fields stand at the top level or in `data`, the top
 * level wins. Settings need `update-call-settings`, the rest `update-call`. Takes effect on people in the call
 * before the reply; nothing changed is the same 200.
 */
export function updateCall(
  acts: Acts,
  request: ActRequest,
  input: UpdateCallRequest & { cid: CallCid },
): Promise<ActReply<Awaited<ReturnType<typeof callState>>>> {
  return acts.perform(request, async (act) => {
    const { cid, data, ...top } = input;
    const fields = { ...data, ...top };
    await act.tx.lock(`call:${cid}`);
    const [row, before] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandFields(before, fields);
    if (fields.settings_override === undefined) demandCapability(before, 'update-call');
    const asId = await demandActingFor(act, fields.created_by_id, 'created_by_id');
    const after = changedCall(row, await requireCallType(act.tx, row.type), fields, act.now);

    if (after !== row) {
      await saveCall(act.tx, after);
      act.audit({
        action: 'call.update',
        cid,
        asId,
        target: { type: 'call', id: cid },
        ...callDifference(row, after),
      });
      await stateCallUpdated(act, row, after);
    }
    return callState(act.tx, after, { now: act.now, mine: await act.callerPolicy(cid) });
  });
}

/**
 * The event of a changed call that has been saved; when the change is one that policy reads, everybody in it is asked
 * about again, and a session's longest duration counts as the settings now say.
 */
export async function stateCallUpdated(act: Act, before: CallRow, row: CallRow): Promise<void> {
  const { cid } = row;
  act.event({
    type: 'call.updated',
    cid,
    audience: { watchers: true },
    payload: {
      call: await callForEvent(act.tx, row, act.now),
      ...(await actorField(act, callerUserId(act.caller))),
    },
  });
  const isSame = POLICY_COLUMNS.every((column) => before[column] === row[column]);
  if (!isSame) act.enforce({ cid });
  if (before.settings_override === row.settings_override) return;
  const held = await holdCall(act.tx, cid);
  if (held) await armSessionLimit(act.tx, held, act.now);
}

/** The columns of a call that policy reads and that these acts change. */
const POLICY_COLUMNS = ['settings_override', 'backstage', 'starts_at', 'ended_at'] as const;
