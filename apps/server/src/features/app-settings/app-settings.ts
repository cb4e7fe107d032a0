import { isDeepStrictEqual } from 'node:util';
import { APP_SETTINGS_DEFAULTS, type AppSettings, type UpdateAppRequest } from '@callgate/contract';
import { parsePrefix } from '../../kernel/address.ts';
import { toTime, toTimeOrAbsent } from '../../kernel/clock.ts';
import { inputError } from '../../kernel/errors.ts';

/** The settings of the application as stored, with the date before which tokens are refused. Times in ms. */
export interface StoredApp {
  settings: AppSettings;
  tokensRevokedBefore: number | null;
  /** Null: nobody has changed anything yet. */
  updatedAt: number | null;
}

/** Before anything was set: every switch is off. */
export const APP_DEFAULTS: StoredApp = {
  settings: APP_SETTINGS_DEFAULTS,
  tokensRevokedBefore: null,
  updatedAt: null,
};

/** Stored settings over the defaults, so that a setting that a newer version adds has its default. */
export const completeSettings = (stored: Partial<AppSettings>): AppSettings => ({
  multi_tenant_enabled: stored.multi_tenant_enabled ?? APP_SETTINGS_DEFAULTS.multi_tenant_enabled,
  guests: { ...APP_SETTINGS_DEFAULTS.guests, ...stored.guests },
  anonymous_users: { ...APP_SETTINGS_DEFAULTS.anonymous_users, ...stored.anonymous_users },
  ip_bans: { ...APP_SETTINGS_DEFAULTS.ip_bans, ...stored.ip_bans },
});

/** The application after a change; what the request leaves out stays. Throws 400/4 naming a bad address. */
export function changedApp(current: StoredApp, patch: UpdateAppRequest, now: number): StoredApp {
  checkAllowlist(patch.ip_bans?.allowlist ?? []);
  const { settings } = current;
  const next: StoredApp = {
    settings: {
      multi_tenant_enabled: patch.multi_tenant_enabled ?? settings.multi_tenant_enabled,
      guests: { ...settings.guests, ...patch.guests },
      anonymous_users: { ...settings.anonymous_users, ...patch.anonymous_users },
      ip_bans: { ...settings.ip_bans, ...patch.ip_bans },
    },
    tokensRevokedBefore: dateAfter(current.tokensRevokedBefore, patch.revoke_tokens_issued_before),
    updatedAt: current.updatedAt,
  };
  return isDeepStrictEqual(next, current) ? current : { ...next, updatedAt: now };
}

const dateAfter = (current: number | null, asked: string | null | undefined): number | null => {
  if (asked === undefined) return current;
  return asked === null ? null : Date.parse(asked);
};

function checkAllowlist(entries: readonly string[]): void {
  entries.forEach((entry, index) => {
    if (parsePrefix(entry)) return;
    throw inputError(`ip_bans.allowlist.${index}`, 'must be an address or a CIDR range, e.g. 203.0.113.0/24');
  });
}

/** The settings as clients see them. */
export const appResponse = (app: StoredApp) => {
  const revoked = toTimeOrAbsent(app.tokensRevokedBefore);
  return {
    ...app.settings,
    ...(revoked !== undefined && { revoke_tokens_issued_before: revoked }),
    ...(app.updatedAt !== null && { updated_at: toTime(app.updatedAt) }),
  };
};
