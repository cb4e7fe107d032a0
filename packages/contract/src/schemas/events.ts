import { type Static, type TProperties, Type } from 'typebox';
import { CAPABILITIES, REQUESTABLE } from '../capabilities.ts';
import type { EventId, HookId, JobId } from '../ids.ts';
import { AppSettingsResponse } from './app.ts';
import { CallTypeResponse } from './call-types.ts';
import {
  CallParticipantResponse,
  CallPinResponse,
  CallResponse,
  ServiceParticipantResponse,
} from './calls.ts';
import { EnforcementResponse } from './enforcement.ts';
import { ErrorResponse } from './errors.ts';
import {
  callCid,
  customObject,
  flag,
  listOf,
  madeId,
  oneOf,
  response,
  text,
  time,
  userId,
} from './fields.ts';
import { MemberResponse } from './members.ts';
import { muteKinds } from './mutes.ts';
import { PermissionRequestResponse } from './permission-requests.ts';
import { RoleResponse } from './roles.ts';
import { OwnUserResponse, UserResponse } from './users.ts';

/** Why a participant is no longer in the call. */
export const LEAVE_REASONS = [
  'left',
  'kicked',
  'blocked',
  'banned',
  'address_banned',
  'deactivated',
  'deleted',
  'revoked',
  'backstage',
  'not_allowed',
  'replaced',
  'timeout',
  'ended',
] as const;
export type LeaveReason = (typeof LEAVE_REASONS)[number];

/** Why a call is over. */
export const END_REASONS = ['ended_by_user', 'timer', 'PolicyViolationModeration'] as const;

const event = <const T extends string, P extends TProperties>(type: T, description: string, properties: P) =>
  response(titleOf(type), description, {
    type: Type.Literal(type, { type: 'string', description: 'The name of the event.' }),
    created_at: time('When it happened.'),
    event_id: madeId<EventId>('The same in every copy of the event: use it to drop doubles.'),
    ...properties,
  });

const callEvent = <const T extends string, P extends TProperties>(
  type: T,
  description: string,
  properties: P,
) =>
  event(type, description, {
    call_cid: callCid('The call.'),
    seq: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'The number of the event within the call; absent for ephemeral events.',
      }),
    ),
    ...properties,
  });

/** `call.blocked_user` -> `CallBlockedUserEvent`. */
function titleOf(type: string): string {
  const words = type.split(/[._]/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return `${words.join('')}Event`;
}

const user = UserResponse;
const actor = Type.Optional(UserResponse);
const call = CallResponse;
const members = Type.Array(MemberResponse, { description: 'The members concerned.' });
const sessionId = Type.String({ description: 'The session of the call.' });
const ringing = { call, members, user, session_id: sessionId, video: flag('Ring as a video call.') } as const;
const answer = { call, user, reason: Type.Optional(Type.String({ description: 'Why.' })) } as const;
const affected = { user, actor } as const;
const userIds = Type.Array(userId('A user.'), { description: 'The users concerned.' });
const pinned = { pin: CallPinResponse, actor } as const;
const blockPair = { user_id: userId('Who blocks.'), blocked_user_id: userId('Who is blocked.') } as const;
const participant = { participant: CallParticipantResponse, session_id: sessionId } as const;
const service = { service_participant: ServiceParticipantResponse } as const;
const connectionId = Type.String({ description: 'The connection.' });
const socketCursor = Type.String({ description: 'Where to go on after the connection was lost.' });

/** Every event by name. `user` is the affected person, `actor` who did it (absent for the server). */
export const EVENTS = {
  'call.created': callEvent('call.created', 'A call was created.', {
    call,
    members,
    ringing: flag('The members are rung.'),
  }),
  'call.updated': callEvent('call.updated', 'A call was changed.', { call, actor }),
  'call.ended': callEvent('call.ended', 'A call is over.', {
    call,
    user: actor,
    reason: Type.Optional(oneOf(END_REASONS, 'Why.')),
  }),
  'call.deleted': callEvent('call.deleted', 'A call was deleted.', { call }),
  'call.ring': callEvent('call.ring', 'Somebody calls.', ringing),
  'call.notification': callEvent('call.notification', 'Somebody points to a call.', ringing),
  'call.missed': callEvent('call.missed', 'Members did not answer in time or were busy.', {
    call,
    members,
    user,
    session_id: sessionId,
  }),
  'call.accepted': callEvent('call.accepted', 'Somebody accepted a ring.', answer),
  'call.rejected': callEvent('call.rejected', 'Somebody rejected a ring.', answer),
  'call.blocked_user': callEvent('call.blocked_user', 'Somebody was blocked from the call.', affected),
  'call.unblocked_user': callEvent('call.unblocked_user', 'Somebody may join the call again.', affected),
  'call.kicked_user': callEvent('call.kicked_user', 'Somebody was removed from the call.', affected),
  'call.user_muted': callEvent('call.user_muted', 'People were muted.', {
    user_ids: userIds,
    muted_by_id: Type.Optional(userId('Who muted; absent for the server.')),
    ...muteKinds,
  }),
  'call.user_unmuted': callEvent('call.user_unmuted', 'Somebody unmuted themselves.', { user, ...muteKinds }),
  'call.permission_request': callEvent('call.permission_request', 'Somebody asks for permissions.', {
    user,
    permissions: listOf(oneOf(REQUESTABLE, 'A permission.'), REQUESTABLE.length, 'What is asked for.'),
    permission_requests: Type.Array(PermissionRequestResponse, { description: 'The same as rows with ids.' }),
  }),
  'call.permission_request_updated': callEvent(
    'call.permission_request_updated',
    'A permission request was denied, withdrawn or ran out.',
    { user, permission_request: PermissionRequestResponse, actor },
  ),
  'call.permissions_updated': callEvent('call.permissions_updated', 'What somebody may do has changed.', {
    user,
    own_capabilities: Type.Array(oneOf(CAPABILITIES, 'A capability.'), {
      description: 'What the person may do now.',
    }),
    actor,
  }),
  'call.member_added': callEvent('call.member_added', 'People became members.', { call, members }),
  'call.member_removed': callEvent('call.member_removed', 'People are no longer members.', {
    call,
    members: userIds,
  }),
  'call.member_updated': callEvent('call.member_updated', 'The custom data of members changed.', {
    call,
    members,
  }),
  'call.member_updated_permission': callEvent(
    'call.member_updated_permission',
    'The role of members changed.',
    { call, members },
  ),
  'call.session_started': callEvent('call.session_started', 'The first person joined.', {
    call,
    session_id: sessionId,
  }),
  'call.session_ended': callEvent('call.session_ended', 'The session is over.', {
    call,
    session_id: sessionId,
  }),
  'call.session_participant_joined': callEvent(
    'call.session_participant_joined',
    'Somebody joined.',
    participant,
  ),
  'call.session_participant_left': callEvent(
    'call.session_participant_left',
    'Somebody is no longer in the call.',
    {
      ...participant,
      reason: Type.Optional(oneOf(LEAVE_REASONS, 'Why.')),
    },
  ),
  'call.service_participant_joined': callEvent(
    'call.service_participant_joined',
    'An agent, a recorder or another service joined.',
    service,
  ),
  'call.service_participant_left': callEvent(
    'call.service_participant_left',
    'A service is no longer in the call.',
    { ...service, reason: Type.Optional(oneOf(LEAVE_REASONS, 'Why.')), actor },
  ),
  'call.live_started': callEvent('call.live_started', 'The call went live.', { call }),
  'call.pinned': callEvent('call.pinned', 'A participant was pinned for everyone.', pinned),
  'call.unpinned': callEvent('call.unpinned', 'A participant is no longer pinned.', pinned),
  'call.reaction_new': callEvent('call.reaction_new', 'Somebody reacted.', {
    reaction: response('ReactionResponse', 'A reaction.', {
      type: Type.String({ description: 'The kind of reaction.' }),
      user,
      emoji_code: Type.Optional(Type.String({ description: 'An emoji.' })),
      custom: customObject('Whatever the application sends along.'),
    }),
  }),
  custom: callEvent('custom', 'An event of the application.', {
    custom: customObject('What it says.'),
    user,
  }),
  'call.moderation_warning': callEvent('call.moderation_warning', 'Somebody is warned.', {
    user_id: userId('Who.'),
    message: Type.String({ description: 'What to show.' }),
  }),
  'call.moderation_blur': callEvent('call.moderation_blur', 'The video of somebody is to be blurred.', {
    user_id: userId('Who.'),
    duration_ms: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Milliseconds; absent: until cleared.' }),
    ),
  }),
  'enforcement.completed': event(
    'enforcement.completed',
    'What a `pending` reply announced is done, or what a crash had left. For webhooks.',
    {
      call_cid: Type.Optional(callCid('The call, for acts in one call.')),
      job_id: madeId<JobId>('The job that the reply named.'),
      enforcement: EnforcementResponse,
    },
  ),
  'user.banned': event('user.banned', 'Somebody was banned.', {
    ...affected,
    reason: Type.Optional(text(1000, 'Why.')),
    expires: Type.Optional(time('When the ban ends; absent: never.')),
    shadow: flag('A shadow ban.'),
    ip_ban: flag('Addresses are banned too.'),
    channel_cid: Type.Optional(callCid('The call that the ban is limited to.')),
  }),
  'user.unbanned': event('user.unbanned', 'A ban ended.', {
    ...affected,
    expired: flag('It ended by its time, not by an act.'),
    channel_cid: Type.Optional(callCid('The call that the ban was limited to.')),
  }),
  'user.created': event('user.created', 'A user was created.', affected),
  'user.updated': event('user.updated', 'A user was changed.', affected),
  'user.deactivated': event('user.deactivated', 'A user was deactivated.', affected),
  'user.reactivated': event('user.reactivated', 'A user was reactivated.', affected),
  'user.deleted': event('user.deleted', 'A user was deleted.', affected),
  'user.restored': event('user.restored', 'A deleted user is back.', affected),
  'user.blocked': event('user.blocked', 'A user blocked another.', blockPair),
  'user.unblocked': event('user.unblocked', 'A user unblocked another.', blockPair),
  'role.created': event('role.created', 'A role was created.', { role: RoleResponse }),
  'role.deleted': event('role.deleted', 'A role was deleted.', { role: RoleResponse }),
  'call_type.created': event('call_type.created', 'A call type was created.', {
    call_type: CallTypeResponse,
  }),
  'call_type.updated': event('call_type.updated', 'A call type was changed.', {
    call_type: CallTypeResponse,
  }),
  'call_type.deleted': event('call_type.deleted', 'A call type was deleted.', {
    call_type: CallTypeResponse,
  }),
  'app.updated': event('app.updated', 'The settings of the application changed.', {
    app: AppSettingsResponse,
  }),
  'webhook.test': event('webhook.test', 'A hook is tried.', {
    hook_id: madeId<HookId>('The hook.'),
  }),
  'connection.ok': event('connection.ok', 'The event socket is open.', {
    connection_id: connectionId,
    me: OwnUserResponse,
    cursor: socketCursor,
    resumed: flag('What was missed follows; false: watch again, and read again what was watched.'),
  }),
  'connection.error': event('connection.error', 'The event socket closes.', {
    connection_id: connectionId,
    error: ErrorResponse,
  }),
  'health.check': event('health.check', 'A sign of life, every 30 s; clients send it back.', {
    connection_id: connectionId,
    cursor: socketCursor,
  }),
  'watch.ended': event('watch.ended', 'No further events of a call come on this socket.', {
    connection_id: connectionId,
    call_cid: callCid('The call that was watched.'),
    reason: Type.String({ description: 'Why, in one of the words of a refusal, such as `blocked`.' }),
  }),
} as const;

export type EventType = keyof typeof EVENTS;
/** The payload of one event. */
export type EventOf<T extends EventType> = Static<(typeof EVENTS)[T]>;
/** Any event. */
export type CallgateEvent = { [T in EventType]: EventOf<T> }[EventType];
