import type { CallCid, GoLiveRequest } from '@callgate/contract';
import { notSupported } from '../../kernel/errors.ts';
import { requireCallType } from '../call-types/index.ts';
import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import { effectiveSettings, isBackstage, requireCall } from './call.ts';
import { callDifference } from './call-changes.ts';
import { callForEvent } from './call-view.ts';
import { type CallRow, saveCall } from './calls.store.ts';
import { stateCallUpdated } from './update-call.ts';

type CallAct = ActReply<{ call: Awaited<ReturnType<typeof callForEvent>> }>;

/**
 * Takes a call out of backstage: everybody with `join-call` may join. Needs `update-call`. A call that is live
 * already: the same 200, nothing happens. 400/19 for recording and HLS, asked after the permission.
 */
export function goLive(
  acts: Acts,
  request: ActRequest,
  input: GoLiveRequest & { cid: CallCid },
): Promise<CallAct> {
  return acts.perform(request, async (act) => {
    const { cid } = input;
    await act.tx.lock(`call:${cid}`);
    const [row, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'update-call');
    for (const field of ['start_hls', 'start_recording'] as const)
      if (input[field]) throw notSupported(field);
    const settings = effectiveSettings(await requireCallType(act.tx, row.type), row.settings_override);
    if (!isBackstage(row, settings)) return { call: await callForEvent(act.tx, row, act.now) };

    const live: CallRow = {
      ...row,
      backstage: 0,
      live_started_at: act.now,
      live_ended_at: null,
      updated_at: act.now,
    };
    await saveCall(act.tx, live);
    act.audit({
      action: 'call.go_live',
      cid,
      target: { type: 'call', id: cid },
      ...callDifference(row, live),
    });
    const call = await callForEvent(act.tx, live, act.now);
    act.event({
      type: 'call.live_started',
      cid,
      audience: { members: true, watchers: true },
      payload: { call },
    });
    await stateCallUpdated(act, row, live);
    return { call };
  });
}
