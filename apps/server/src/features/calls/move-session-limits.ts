import type { CallCid, CallTypeName } from '@callgate/contract';
import type { DueWork } from '../enforcement/index.ts';
import { liveCallsOfType } from '../media/index.ts';
import { setTimer } from '../timers/index.ts';
import { holdCall } from './calls.store.ts';
import { armSessionLimit } from './session-timers.ts';

/** Calls that are looked at in one transaction. */
const BATCH = 100;

/**
 * A call type's `max_duration_seconds` was changed: the timers of the calls of this type that people are in are set by
 * it, in batches in the order of their ids. A call that is empty for the moment is looked at when somebody joins again.
 */
export const moveSessionLimits: DueWork = {
  hold: (tx, { key }) => tx.lock(`call-type:${key}`),
  async verb(act, { kind, key, data }) {
    const { after } = (data ?? { after: '' }) as { after: CallCid };
    const cids = await liveCallsOfType(act.tx, key as CallTypeName, after, BATCH);
    for (const cid of cids) {
      const call = await holdCall(act.tx, cid);
      if (call) await armSessionLimit(act.tx, call, act.now);
    }
    const last = cids.at(-1);
    if (last && cids.length === BATCH)
      await setTimer(act.tx, { kind, key, dueAt: act.now, data: { after: last } });
  },
};
