import type { CallCid } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { requireCallType } from '../call-types/index.ts';
import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import { effectiveSettings, requireCall } from './call.ts';
import { callDifference } from './call-changes.ts';
import { callForEvent } from './call-view.ts';
import { type CallRow, saveCall } from './calls.store.ts';
import { stateCallUpdated } from './update-call.ts';

/**
 * Takes a call back into backstage: whoever does not hold `join-backstage` is removed and cannot join. Needs
 * `update-call`. In backstage already: the same 200, nothing happens; 400/4 while `backstage.enabled` is false.
 */
export function stopLive(
  acts: Acts,
  request: ActRequest,
  input: { cid: CallCid },
): Promise<ActReply<{ call: Awaited<ReturnType<typeof callForEvent>> }>> {
  return acts.perform(request, async (act) => {
    const { cid } = input;
    await act.tx.lock(`call:${cid}`);
    const [row, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'update-call');
    const settings = effectiveSettings(await requireCallType(act.tx, row.type), row.settings_override);
    if (!settings.backstage.enabled) {
      throw inputError(
        'settings.backstage.enabled',
        'is false: switch it on to use the backstage of this call',
      );
    }
    if (row.backstage === 1) return { call: await callForEvent(act.tx, row, act.now) };

    const stopped: CallRow = { ...row, backstage: 1, live_ended_at: act.now, updated_at: act.now };
    await saveCall(act.tx, stopped);
    act.audit({
      action: 'call.stop_live',
      cid,
      target: { type: 'call', id: cid },
      ...callDifference(row, stopped),
    });
    await stateCallUpdated(act, row, stopped);
    return { call: await callForEvent(act.tx, stopped, act.now) };
  });
}
