import type { CallTypeName } from '@callgate/contract';
import { BUILT_IN_CALL_TYPES, partsOf } from '@callgate/contract';
import { appFacts } from './features/app-settings/index.ts';
import { bansInForce } from './features/bans/index.ts';
import { isBlocked } from './features/call-blocks/index.ts';
import { grantsOf } from './features/call-grants/index.ts';
import { findCall } from './features/calls/index.ts';
import type { AddressBans } from './features/ip-bans/index.ts';
import { countSeatsTaken } from './features/media/index.ts';
import type { PolicySources } from './features/policy/index.ts';
import { roleRanks } from './features/roles/index.ts';
import { userFacts } from './features/users/index.ts';

/** What policy asks, answered by the features that own the tables. */
export const policySources = (addressBans: AddressBans): PolicySources => ({
  app: appFacts,
  rankOf: roleRanks,
  user: userFacts,
  async call(handle, cid) {
    const row = await findCall(handle, cid);
    if (!row) return undefined;
    const type = builtInType(partsOf(cid).type);
    return {
      cid,
      team: row.team,
      settings: type.settings,
      grants: type.grants,
      backstage: row.backstage === 1,
      startsAt: row.starts_at,
      endedAt: row.ended_at,
      sessionStartedAt: row.session_started_at,
      createdById: row.created_by_id,
    };
  },
  memberRole: async () => null,
  isBlocked,
  bans: bansInForce,
  isAddressBanned: addressBans.isBanned,
  grants: grantsOf,
  epoch: async () => 0,
  seatsTaken: countSeatsTaken,
});

const builtInType = (name: CallTypeName) =>
  Object.entries(BUILT_IN_CALL_TYPES).find(([key]) => key === name)?.[1] ?? BUILT_IN_CALL_TYPES.default;
