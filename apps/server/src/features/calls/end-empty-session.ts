import type { CallCid } from '@callgate/contract';
import type { Act, DueWork } from '../enforcement/index.ts';
import { sessionEndedAt } from './call.ts';
import { callForEvent } from './call-view.ts';
import { type CallRow, holdCall } from './calls.store.ts';
import { clearSessionLimit } from './session-timers.ts';

/** Tells watchers that the call's session is over. */
export async function stateSessionEnded(act: Act, call: CallRow): Promise<void> {
  const { cid, session_id } = call;
  const payload = { call: await callForEvent(act.tx, call, act.now), session_id };
  act.event({ type: 'call.session_ended', cid, audience: { watchers: true }, payload });
}

/**
 * Announces the end of a session, 30 s after the last person left. Nobody did it, and nothing is decided: there is no audit
 * record.
 */
export const endEmptySession: DueWork = {
  hold: (tx, { key }) => holdCall(tx, key as CallCid),
  async verb(act, { key }) {
    const call = await holdCall(act.tx, key as CallCid);
    if (!call || sessionEndedAt(call, act.now) === null) return;
    await clearSessionLimit(act.tx, call.cid);
    await stateSessionEnded(act, call);
  },
};
