import { type Static, Type } from 'typebox';
import { actFields } from './enforcement.ts';
import {
  callCid,
  count,
  cursor,
  duration,
  filterConditions,
  flag,
  LIMITS,
  limit,
  listOf,
  offset,
  oneOf,
  pageLinks,
  query,
  queryPayload,
  request,
  response,
  sort,
  text,
  time,
  userId,
  whole,
} from './fields.ts';
import { UserResponse } from './users.ts';

export const BanUserRequest = request(
  'BanUserRequest',
  'Whom to ban, for how long, and how far. A ban of somebody who is banned replaces the terms.',
  {
    target_user_id: userId('Whom to ban; must exist.'),
    banned_by_id: Type.Optional(
      userId(
        'The moderator, an existing user: optional with a server token; with a user token absent or the token’s user.',
      ),
    ),
    user_id: Type.Optional(userId('An older name of `banned_by_id`, which wins when both are given.')),
    reason: Type.Optional(text(LIMITS.reasonLength, 'Why; shown in bans and in the audit log.')),
    timeout: Type.Optional(
      whole(1, LIMITS.banTimeoutMinutes, 'Minutes until the ban ends by itself; absent: it is permanent.'),
    ),
    ip_ban: Type.Optional(
      flag(
        'Also ban the addresses of the person’s sessions of the last 24 hours; default false, for guests true.',
      ),
    ),
    ip_ranges: Type.Optional(
      listOf(
        text(49, 'An address or a CIDR range, e.g. `203.0.113.0/24`.', 2),
        LIMITS.ipRanges,
        `Explicit ranges to ban with the person instead of the known addresses; needs \`ip_ban\`. At least /${LIMITS.ipv4RangeMinBits} for IPv4 and /${LIMITS.ipv6RangeMinBits} for IPv6.`,
      ),
    ),
    dry_run: Type.Optional(flag('Change nothing; answer whom the ban would also hit; default false.')),
    channel_cid: Type.Optional(
      callCid('Ban from this call only, as a block that also stops ringing; default: the whole application.'),
    ),
    shadow: Type.Optional(
      flag('Stored and shown as `shadow_banned`; has no effect on calls; default false.'),
    ),
    delete_messages: Type.Optional(
      oneOf(['soft', 'pruning', 'hard'], 'Accepted for compatibility; there are no messages here.'),
    ),
  },
);
export type BanUserRequest = Static<typeof BanUserRequest>;

/** Why an address is not banned although it is known. */
export const IP_SKIP_REASONS = ['private', 'proxy', 'unnamed_proxy', 'allowlist'] as const;

const BanHit = response('BanHit', 'Somebody else whom the ban of the addresses hits.', {
  user_id: userId('The person.'),
  in_call: flag('In a call from such an address now.'),
  last_seen_at: time('When the person was last seen there.'),
});

export const IpBanOutcome = response(
  'IpBanOutcome',
  'What the ban does to addresses; present with `ip_ban`.',
  {
    prefix_count: count('How many prefixes are banned.'),
    prefixes: Type.Optional(
      Type.Array(Type.String(), { description: 'The prefixes as CIDR; only for server tokens.' }),
    ),
    others_in_calls: count('How many other people are in calls from these addresses now.'),
    others_last_24_hours: count('How many other people were seen at these addresses in the last 24 hours.'),
    others: Type.Optional(
      Type.Array(BanHit, {
        description: 'Who they are, the latest first, at most 100; only with `dry_run`.',
      }),
    ),
    skipped: Type.Optional(
      Type.Array(
        response('SkippedAddresses', 'Known addresses that are not banned.', {
          reason: oneOf(IP_SKIP_REASONS, 'Why they are not banned.'),
          count: count('How many.'),
        }),
        { description: 'Known addresses that are not banned, counted by reason.' },
      ),
    ),
  },
);
export type IpBanOutcome = Static<typeof IpBanOutcome>;

export const BanUserResponse = response('BanUserResponse', 'The ban is in force.', {
  ...actFields,
  ip_ban: Type.Optional(IpBanOutcome),
  dry_run: Type.Optional(flag('True: nothing was changed.')),
});
export type BanUserResponse = Static<typeof BanUserResponse>;

const unbanFields = {
  target_user_id: Type.Optional(userId('Whose ban to lift: required, here or in the other place.')),
  channel_cid: Type.Optional(callCid('Lift the ban from this call; default: the ban from the application.')),
} as const;

export const UnbanUserRequest = request(
  'UnbanUserRequest',
  'Whose ban to lift; the body may be left out when the query says it. Where both name a field, the query wins.',
  { ...unbanFields },
);
export type UnbanUserRequest = Static<typeof UnbanUserRequest>;

export const UnbanUserQuery = query('UnbanUserQuery', { ...unbanFields });
export type UnbanUserQuery = Static<typeof UnbanUserQuery>;

export const BanResponse = response('BanResponse', 'A ban in force.', {
  user: UserResponse,
  banned_by: Type.Optional(UserResponse),
  reason: Type.Optional(Type.String({ description: 'Why.' })),
  created_at: time('Since when.'),
  expires: Type.Optional(time('When it ends by itself; absent: never.')),
  shadow: flag('A shadow ban: no effect on calls.'),
  ip_ban: flag('Addresses are banned too.'),
  channel_cid: Type.Optional(callCid('The call that the ban is limited to.')),
});
export type BanResponse = Static<typeof BanResponse>;

export const QueryBansRequest = request('QueryBansRequest', 'A search for bans in force.', {
  filter_conditions: Type.Optional(
    filterConditions(
      '`user_id`, `banned_by_id`, `channel_cid`, `created_at`, `expires`, `reason`, `shadow`, `ip_ban`',
    ),
  ),
  sort: Type.Optional(sort('`created_at`, `expires`, `user_id`')),
  limit: Type.Optional(limit),
  offset: Type.Optional(offset),
  next: Type.Optional(cursor('next')),
  prev: Type.Optional(cursor('prev')),
});
export type QueryBansRequest = Static<typeof QueryBansRequest>;

export const QueryBansQuery = query('QueryBansQuery', {
  payload: Type.Optional(queryPayload('QueryBansRequest')),
});
export type QueryBansQuery = Static<typeof QueryBansQuery>;

export const QueryBansResponse = response('QueryBansResponse', 'A page of bans.', {
  bans: Type.Array(BanResponse, { description: 'The bans of this page.' }),
  ...pageLinks,
  duration,
});
export type QueryBansResponse = Static<typeof QueryBansResponse>;
