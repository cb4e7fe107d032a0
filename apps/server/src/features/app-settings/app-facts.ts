import type { Handle } from '../../storage/database.ts';
import type { AppFacts } from '../policy/index.ts';
import { storedApp } from './app-settings.store.ts';

/** The source `app` of policy. Guests are not available while multi-tenancy is on (api.md section 1). */
export async function appFacts(handle: Handle): Promise<AppFacts> {
  const { settings, tokensRevokedBefore } = await storedApp(handle);
  return {
    multiTenant: settings.multi_tenant_enabled,
    guests: settings.guests.enabled && !settings.multi_tenant_enabled,
    anonymous: settings.anonymous_users.enabled,
    tokensRevokedBefore,
  };
}
