import type { CallCid } from '@callgate/contract';
import type { DueWork } from '../enforcement/index.ts';
import { holdCall } from './calls.store.ts';
import { writeEnd } from './end-call.ts';
import { armSessionLimit, sessionLimit } from './session-timers.ts';

/** Ends a call whose session has reached `max_duration_seconds`: everybody is removed, as when somebody ends it. */
export const endCallInTime: DueWork = {
  async hold(tx, { key }) {
    await tx.lock(`call:${key}`);
    await holdCall(tx, key as CallCid);
  },
  async verb(act, { key }) {
    const call = await holdCall(act.tx, key as CallCid);
    const end = call ? await sessionLimit(act.tx, call, act.now) : null;
    if (!call || end === null) return;
    if (end > act.now) await armSessionLimit(act.tx, call, act.now);
    else await writeEnd(act, call, 'timer');
  },
};
