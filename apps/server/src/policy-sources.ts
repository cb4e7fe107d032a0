import { appFacts } from './features/app-settings/index.ts';
import { callSources } from './features/calls/index.ts';
import type { AddressBans } from './features/ip-bans/index.ts';
import type { PolicySources } from './features/policy/index.ts';
import { roleRanks } from './features/roles/index.ts';
import { userFacts } from './features/users/index.ts';
import type { Clock } from './kernel/clock.ts';
import { standingOf } from './standing.store.ts';

/** What policy asks, answered by the features that own the tables. */
export const policySources = (addressBans: AddressBans, clock: Clock): PolicySources => ({
  app: appFacts,
  rankOf: roleRanks,
  user: userFacts,
  standing: standingOf,
  ...callSources(clock),
  isAddressBanned: addressBans.isBanned,
});
