import { type Static, Type } from 'typebox';
import { actFields } from './enforcement.ts';
import { EventHookRequest, EventHookResponse } from './event-hooks.ts';
import { duration, flag, LIMITS, listOf, nullable, request, response, text, time, whole } from './fields.ts';

const guestFields = {
  enabled: flag(
    'Whether `POST /api/v2/guest` makes guests; default false. Ignored while multi-tenancy is on.',
  ),
  expire_after_minutes: whole(
    1,
    LIMITS.guestExpiryMinutes,
    'Minutes after which a guest and its token end; default 1,440 (one day).',
  ),
  per_address_per_hour: whole(1, 10_000, 'How many guests one address may make in an hour; default 10.'),
} as const;

const anonymousFields = {
  enabled: flag('Whether requests without a user are answered; default false.'),
} as const;

const ipBanFields = {
  allowlist: listOf(
    text(49, 'An address or a CIDR range, e.g. `203.0.113.0/24`.', 2),
    LIMITS.allowlist,
    'Addresses that no IP ban hits; default none.',
  ),
  ipv6_prefix_length: whole(16, 128, 'How many bits of an IPv6 address an IP ban takes; default 64.'),
  include_private: flag(
    'Whether loopback, private and proxy addresses may be remembered and banned; default false, since one ban could then close the service for everybody.',
  ),
} as const;

const guestSettings = Type.Object(guestFields, { description: 'Guests.', additionalProperties: true });
const anonymousSettings = Type.Object(anonymousFields, {
  description: 'Anonymous users.',
  additionalProperties: true,
});
const ipBanSettings = Type.Object(ipBanFields, {
  description: 'Bans by address.',
  additionalProperties: true,
});

const partial = <T extends Parameters<typeof Type.Partial>[0]>(schema: T, description: string) =>
  Type.Optional(Type.Partial(schema, { description, additionalProperties: false }));

export const AppSettingsResponse = response('AppSettingsResponse', 'The settings of the application.', {
  multi_tenant_enabled: flag('Whether users reach only calls and people of their teams.'),
  guests: guestSettings,
  anonymous_users: anonymousSettings,
  ip_bans: ipBanSettings,
  event_hooks: Type.Optional(
    Type.Array(EventHookResponse, {
      description: 'Where events are sent; absent in the event `app.updated`.',
    }),
  ),
  revoke_tokens_issued_before: Type.Optional(time('User and call tokens issued before are refused.')),
  updated_at: Type.Optional(time('When the settings last changed.')),
});
export type AppSettingsResponse = Static<typeof AppSettingsResponse>;

/** The settings as they are stored; the date of revocation stands in a column of its own. */
export type AppSettings = Pick<
  AppSettingsResponse,
  'multi_tenant_enabled' | 'guests' | 'anonymous_users' | 'ip_bans'
>;

export const APP_SETTINGS_DEFAULTS: AppSettings = {
  multi_tenant_enabled: false,
  guests: { enabled: false, expire_after_minutes: 1440, per_address_per_hour: 10 },
  anonymous_users: { enabled: false },
  ip_bans: { allowlist: [], ipv6_prefix_length: 64, include_private: false },
};

export const GetAppResponse = response('GetAppResponse', 'The application.', {
  app: AppSettingsResponse,
  duration,
});
export type GetAppResponse = Static<typeof GetAppResponse>;

export const UpdateAppRequest = request(
  'UpdateAppRequest',
  'The settings to change; what is left out stays as it is.',
  {
    multi_tenant_enabled: Type.Optional(flag('Whether users reach only calls and people of their teams.')),
    guests: partial(guestSettings, 'Guests.'),
    anonymous_users: partial(anonymousSettings, 'Anonymous users.'),
    ip_bans: partial(ipBanSettings, 'Bans by address.'),
    event_hooks: Type.Optional(
      listOf(
        EventHookRequest,
        LIMITS.hooks,
        'All hooks: those named by id are changed, those without an id are made, those left out are deleted.',
      ),
    ),
    revoke_tokens_issued_before: Type.Optional(
      nullable(time('Refuse user and call tokens issued before; null accepts them again.')),
    ),
  },
);
export type UpdateAppRequest = Static<typeof UpdateAppRequest>;

export const UpdateAppResponse = response('UpdateAppResponse', 'The application after the change.', {
  app: AppSettingsResponse,
  ...actFields,
});
export type UpdateAppResponse = Static<typeof UpdateAppResponse>;
