import { type Static, Type } from 'typebox';
import { CAPABILITIES } from '../capabilities.ts';
import { actFields } from './enforcement.ts';
import {
  callCid,
  callId,
  callTypeName,
  count,
  cursor,
  customObject,
  duration,
  filterConditions,
  flag,
  LIMITS,
  limit,
  listOf,
  mapOf,
  membersLimit,
  nullable,
  oneOf,
  pageLinks,
  query,
  queryFlag,
  queryNumber,
  request,
  response,
  roleName,
  sort,
  teamName,
  text,
  time,
  trackKind,
  userId,
} from './fields.ts';
import { MemberRequest, MemberResponse } from './members.ts';
import { CallSettings, CallSettingsRequest } from './settings.ts';
import { UserResponse } from './users.ts';

// --- Requests ---------------------------------------------------------------------------------------------

const startsAt = Type.Optional(nullable(time('When the call is planned to start; null: not planned.')));
const callCustom = Type.Optional(customObject('Whatever the application stores with the call.'));

export const CallRequest = request('CallRequest', 'A call as the application wants it to be.', {
  created_by_id: Type.Optional(
    userId(
      'Who creates the call: required with a server token when the call is new, otherwise the token’s user.',
    ),
  ),
  members: Type.Optional(
    listOf(MemberRequest, LIMITS.membersPerRequest, 'Members to add or change; all must be existing users.'),
  ),
  custom: callCustom,
  settings_override: Type.Optional(CallSettingsRequest),
  starts_at: startsAt,
  team: Type.Optional(teamName('The team of the call; set when the call is created, never changed.')),
  video: Type.Optional(flag('Ring as a video call; default true.')),
});
export type CallRequest = Static<typeof CallRequest>;

const ring = Type.Optional(flag('Ring the members of the call, at most 100; default false.'));
const notify = Type.Optional(
  flag('Send the members of the call `call.notification`, at most 1,000; default false.'),
);
const watch = Type.Optional(
  flag('Send the events of the call to the socket that `connection_id` names; default false.'),
);
const connectionId = Type.Optional(text(64, 'The `connection_id` of the event socket that is to watch.', 1));

export const GetOrCreateCallRequest = request(
  'GetOrCreateCallRequest',
  'Creates the call, or changes and answers the existing one; the body may be left out. On an existing call each field asks for its own capability.',
  {
    data: Type.Optional(CallRequest),
    ring,
    notify,
    watch,
    video: Type.Optional(flag('Ring as a video call; default true.')),
    members_limit: Type.Optional(membersLimit),
  },
);
export type GetOrCreateCallRequest = Static<typeof GetOrCreateCallRequest>;

const updateFields = {
  settings_override: Type.Optional(CallSettingsRequest),
  custom: callCustom,
  starts_at: startsAt,
  created_by_id: Type.Optional(
    userId('On whose behalf; named in the audit log. Does not change whose call it is.'),
  ),
} as const;

export const UpdateCallRequest = request(
  'UpdateCallRequest',
  'The changes to a call, at the top level or in `data`; where both name a field, the top level wins.',
  {
    ...updateFields,
    data: Type.Optional(request('UpdateCallData', 'The same fields again.', { ...updateFields })),
  },
);
export type UpdateCallRequest = Static<typeof UpdateCallRequest>;

export const GetCallQuery = query('GetCallQuery', {
  watch: Type.Optional(queryFlag('Send the events of the call to the socket that `connection_id` names.')),
  members_limit: Type.Optional(queryNumber('How many members to answer: 1 to 100, default 25.')),
  connection_id: connectionId,
});
export type GetCallQuery = Static<typeof GetCallQuery>;

/** The query of the writing operations that can watch. */
export const WatchQuery = query('WatchQuery', { connection_id: connectionId });
export type WatchQuery = Static<typeof WatchQuery>;

export const QueryCallsRequest = request('QueryCallsRequest', 'A search for calls.', {
  filter_conditions: Type.Optional(
    filterConditions(
      '`id`, `cid`, `team`, `type`, `created_by_user_id`, `created_at`, `updated_at`, `ended_at`, `starts_at`, `backstage`, `members`, `ongoing`, `custom.<key>`',
    ),
  ),
  sort: Type.Optional(sort('`id`, `cid`, `type`, `created_at`, `updated_at`, `starts_at`, `ended_at`')),
  limit: Type.Optional(limit),
  next: Type.Optional(cursor('next')),
  prev: Type.Optional(cursor('prev')),
  watch,
  members_limit: Type.Optional(membersLimit),
});
export type QueryCallsRequest = Static<typeof QueryCallsRequest>;

export const GoLiveRequest = request('GoLiveRequest', 'Options; the body may be left out.', {
  start_hls: Type.Optional(flag('Not supported: true is answered with 400, code 19; default false.')),
  start_recording: Type.Optional(flag('Not supported: true is answered with 400, code 19; default false.')),
});
export type GoLiveRequest = Static<typeof GoLiveRequest>;

// --- Responses --------------------------------------------------------------------------------------------

export const CallParticipantResponse = response(
  'CallParticipantResponse',
  'One device of one person in the call.',
  {
    user: UserResponse,
    user_session_id: Type.String({ description: 'The `session_id` of the join.' }),
    role: roleName('The role that others see.'),
    joined_at: time('When the device joined.'),
    muted: Type.Array(trackKind('A kind of track.'), {
      description: 'The kinds that are muted by a moderator until the person unmutes.',
    }),
    hidden: Type.Optional(flag('Joined hidden; listed only to holders of `join-hidden`.')),
  },
);
export type CallParticipantResponse = Static<typeof CallParticipantResponse>;

export const CallPinResponse = response('CallPinResponse', 'A participant pinned for everyone.', {
  user_id: userId('Who is pinned.'),
  session_id: Type.String({ description: 'Which of the person’s sessions.' }),
  pinned_at: time('Since when.'),
});
export type CallPinResponse = Static<typeof CallPinResponse>;

/** What a participant that belongs to no user is, in the media protocol's words. */
export const SERVICE_KINDS = ['agent', 'egress', 'ingress', 'sip', 'connector', 'bridge'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

export const ServiceParticipantResponse = response(
  'ServiceParticipantResponse',
  'A participant that belongs to no user: an agent, a recorder, telephony. It takes no seat and counts as nobody.',
  {
    session_id: Type.String({ description: 'Name it to `kick_service`.' }),
    kind: oneOf(SERVICE_KINDS, 'What it is.'),
    key: Type.Optional(
      Type.String({
        description:
          'The key of `CALLGATE_SERVICE_KEYS` that let it in; absent: it dialled the media server.',
      }),
    ),
    name: Type.String({ description: 'What it calls itself.' }),
    joined_at: time('When it joined.'),
    hidden: Type.Optional(flag('The media server announces it to nobody.')),
  },
);
export type ServiceParticipantResponse = Static<typeof ServiceParticipantResponse>;

const times = (description: string) => mapOf(time('When.'), { description });

export const CallSessionResponse = response(
  'CallSessionResponse',
  'One sitting of a call, from the first join on.',
  {
    id: Type.String({ description: 'The id of the session.' }),
    started_at: Type.Optional(time('When the first person joined.')),
    ended_at: Type.Optional(time('When it ended: 30 s after the last person left, or with the call.')),
    live_started_at: Type.Optional(time('When the call went live.')),
    live_ended_at: Type.Optional(time('When the call went back to backstage.')),
    timer_ends_at: Type.Optional(time('When `limits.max_duration_seconds` ends the call.')),
    participants: Type.Array(CallParticipantResponse, {
      description: 'Who is in the call now; at most 250 are listed.',
    }),
    participants_count_by_role: mapOf(count('How many.'), {
      description: 'Role -> how many are in the call.',
    }),
    anonymous_participant_count: count('How many anonymous people are in the call.'),
    service_participants: Type.Array(ServiceParticipantResponse, {
      description: 'Agents, recorders, telephony in the call now; at most 250 are listed.',
    }),
    pins: Type.Array(CallPinResponse, { description: 'Who is pinned for everyone.' }),
    accepted_by: times('User id -> when the person accepted the ring.'),
    rejected_by: times('User id -> when the person rejected the ring.'),
    missed_by: times('User id -> when the person missed the ring.'),
  },
);
export type CallSessionResponse = Static<typeof CallSessionResponse>;

export const CallResponse = response('CallResponse', 'A call.', {
  type: callTypeName('The name of the call type.'),
  id: callId('The id within the type.'),
  cid: callCid('`type:id`.'),
  created_by: UserResponse,
  created_at: time('When the call was created.'),
  updated_at: time('When the call last changed.'),
  starts_at: Type.Optional(time('When the call is planned to start.')),
  ended_at: Type.Optional(time('Since when the call is over.')),
  team: Type.Optional(Type.String({ description: 'The team of the call.' })),
  custom: customObject('Whatever the application stores with the call.'),
  backstage: flag('In backstage now: only holders of `join-backstage` may join.'),
  recording: flag('Always false: recording is not supported.'),
  transcribing: flag('Always false: transcription is not supported.'),
  settings: CallSettings,
  blocked_user_ids: Type.Array(userId('A user.'), { description: 'Who is blocked from the call.' }),
  current_session_id: Type.String({
    description: 'The id of the running session; empty while nobody is in the call.',
  }),
  session: Type.Optional(CallSessionResponse),
});
export type CallResponse = Static<typeof CallResponse>;

const ownCapabilities = Type.Array(oneOf(CAPABILITIES, 'A capability.'), {
  description: 'What the caller may do in this call now; with a server token every capability.',
});

/** A call as one person sees it. */
export const callStateFields = {
  call: CallResponse,
  members: Type.Array(MemberResponse, { description: 'The first members, as many as `members_limit` says.' }),
  own_capabilities: ownCapabilities,
  membership: Type.Optional(MemberResponse),
  blocked_users: Type.Optional(
    Type.Array(UserResponse, { description: 'Who is blocked from the call; at most 100.' }),
  ),
} as const;

export const CallStateResponse = response('CallStateResponse', 'A call as the caller sees it.', {
  ...callStateFields,
});
export type CallStateResponse = Static<typeof CallStateResponse>;

export const GetCallResponse = response('GetCallResponse', 'A call as the caller sees it.', {
  ...callStateFields,
  duration,
});
export type GetCallResponse = Static<typeof GetCallResponse>;

export const GetOrCreateCallResponse = response(
  'GetOrCreateCallResponse',
  'The call, new or as it was found and changed.',
  {
    ...callStateFields,
    created: flag('Whether this request created the call.'),
    ...actFields,
  },
);
export type GetOrCreateCallResponse = Static<typeof GetOrCreateCallResponse>;

export const UpdateCallResponse = response('UpdateCallResponse', 'The call after the change.', {
  ...callStateFields,
  ...actFields,
});
export type UpdateCallResponse = Static<typeof UpdateCallResponse>;

export const QueryCallsResponse = response('QueryCallsResponse', 'A page of calls.', {
  calls: Type.Array(CallStateResponse, { description: 'The calls of this page.' }),
  ...pageLinks,
  duration,
});
export type QueryCallsResponse = Static<typeof QueryCallsResponse>;

/** The reply of the acts that change where a call stands: end, go live, stop live. */
export const CallActResponse = response('CallActResponse', 'The call after the act.', {
  call: CallResponse,
  ...actFields,
});
export type CallActResponse = Static<typeof CallActResponse>;
