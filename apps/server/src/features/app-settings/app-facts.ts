import { remembered } from '../../storage/remembered.ts';
import type { AppFacts } from '../policy/index.ts';
import { storedApp } from './app-settings.store.ts';

/** The source `app` of policy. Guests are not available while multi-tenancy is on (api.md section 1). */
export const appFacts = remembered<[], AppFacts>(async (handle) => {
  const { settings, tokensRevokedBefore } = await storedApp(handle);
  return {
    multiTenant: settings.multi_tenant_enabled,
    guests: settings.guests.enabled && !settings.multi_tenant_enabled,
    anonymous: settings.anonymous_users.enabled,
    tokensRevokedBefore,
  };
});
