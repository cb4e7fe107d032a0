import type { CallCid } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Handle } from '../../storage/database.ts';
import { requireCallType } from '../call-types/index.ts';
import { countSeatsTaken } from '../media/index.ts';
import type { PolicySources } from '../policy/index.ts';
import { effectiveSettings, isBackstage, isSessionRunning } from './call.ts';
import { findCall } from './calls.store.ts';

/** The sources of policy that calls and their sessions are. */
export const callSources = (clock: Clock): Pick<PolicySources, 'call' | 'seatsTaken'> => ({
  async call(handle: Handle, cid: CallCid) {
    const row = await findCall(handle, cid);
    if (!row) return undefined;
    const type = await requireCallType(handle, row.type);
    const settings = effectiveSettings(type, row.settings_override);
    return {
      cid,
      team: row.team,
      settings,
      grants: type.grants,
      backstage: isBackstage(row, settings),
      startsAt: row.starts_at,
      endedAt: row.ended_at,
      sessionStartedAt: isSessionRunning(row, clock.now()) ? row.session_started_at : null,
      createdById: row.created_by_id,
    };
  },
  seatsTaken: (handle, cid) => countSeatsTaken(handle, cid, clock.now()),
});
