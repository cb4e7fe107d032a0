import { BUILT_IN_CALL_TYPES, DEFAULT_NOTIFICATION_SETTINGS } from '../built-in-call-types.ts';
import type { Unbranded } from '../ids.ts';
import type { BodyOf, OperationId, ParamsOf, QueryOf, ResultOf } from '../operations.ts';
import { APP_SETTINGS_DEFAULTS } from '../schemas/app.ts';

/** One request and one answer of an operation, as documentation and tests show them. */
export interface Example<Id extends OperationId> {
  readonly params?: Unbranded<ParamsOf<Id>>;
  readonly query?: Unbranded<QueryOf<Id>>;
  readonly body?: Unbranded<BodyOf<Id>>;
  readonly result: Unbranded<ResultOf<Id>>;
}

const at = '2026-11-22T10:00:00.000Z';
const later = '2026-11-22T10:30:00.000Z';
const duration = '1.84ms';
const noMedia = { state: 'no_media', sessions: 0, tracks: 0, took_ms: 0 } as const;
const applied = { state: 'applied', sessions: 1, tracks: 2, took_ms: 14.2, job_id: 'job-1' } as const;

const person = (id: string, name: string) => ({
  id,
  name,
  role: 'user',
  language: 'en',
  custom: {},
  teams: [],
  banned: false,
  shadow_banned: false,
  online: false,
  invisible: false,
  created_at: at,
  updated_at: at,
});
const maya = person('maya', 'Maya');
const noor = person('noor', 'Noor');

const call = {
  type: 'default',
  id: 'standup',
  cid: 'default:standup',
  created_by: maya,
  created_at: at,
  updated_at: at,
  custom: { topic: 'Monday' },
  backstage: false,
  recording: false,
  transcribing: false,
  settings: BUILT_IN_CALL_TYPES.default.settings,
  blocked_user_ids: [],
  current_session_id: 'sitting-1',
  session: {
    id: 'sitting-1',
    started_at: at,
    participants: [{ user: maya, user_session_id: 'device-1', role: 'host', joined_at: at, muted: [] }],
    participants_count_by_role: { host: 1 },
    anonymous_participant_count: 0,
    service_participants: [
      { session_id: 'device-3', kind: 'egress' as const, key: 'recorder', name: 'Recorder', joined_at: at },
    ],
    pins: [],
    accepted_by: {},
    rejected_by: {},
    missed_by: {},
  },
};
const member = { user_id: 'maya', user: maya, role: 'host', custom: {}, created_at: at, updated_at: at };
const callState: Unbranded<ResultOf<'getCall'>> = {
  call,
  members: [member],
  own_capabilities: ['join-call', 'read-call', 'send-audio'],
  duration,
};
const callType = {
  name: 'webinar',
  settings: BUILT_IN_CALL_TYPES.livestream.settings,
  grants: { user: ['join-call', 'read-call'] },
  notification_settings: DEFAULT_NOTIFICATION_SETTINGS,
  built_in: false,
  created_at: at,
  updated_at: at,
};
const role = { name: 'steward', rank: 100, built_in: false, created_at: at, updated_at: at };
const asked = {
  id: 'request-1',
  call_cid: 'default:standup',
  user_id: 'noor',
  user: noor,
  permission: 'screenshare',
  state: 'pending',
  created_at: at,
} as const;
const ban = {
  user: noor,
  banned_by: maya,
  reason: 'spam',
  created_at: at,
  expires: later,
  shadow: false,
  ip_ban: false,
};
const app = { ...APP_SETTINGS_DEFAULTS, updated_at: at };

const hook = {
  id: 'hook-1',
  enabled: false,
  hook_type: 'webhook',
  webhook_url: 'https://hooks.example.com/callgate',
  event_types: ['call.permission_request', 'user.banned'],
  gzip: false,
} as const;
const shownHook = {
  ...hook,
  event_types: [...hook.event_types],
  has_signing_secret: true,
  created_at: at,
  updated_at: at,
};
const delivery = {
  id: 'delivery-1',
  hook_id: 'hook-1',
  event_id: 'event-1',
  event_type: 'call.permission_request',
  call_cid: 'default:standup',
  state: 'slow',
  attempts: 3,
  next_attempt_at: later,
  last_attempt_at: at,
  last_status: 503,
  created_at: at,
} as const;

const done = { duration };
const inCall = { type: 'default', id: 'standup' } as const;
const inRequest = { ...inCall, request_id: 'request-1' } as const;

/** An example of every operation. */
export const EXAMPLES: { readonly [Id in OperationId]: Example<Id> } = {
  createGuest: {
    body: { user: { name: 'A visitor' } },
    result: {
      user: { ...person('guest-018f', 'A visitor'), role: 'guest' },
      access_token: 'header.payload.signature',
      duration,
    },
  },
  getApp: { result: { app, duration } },
  updateApp: {
    body: {
      guests: { enabled: true },
      revoke_tokens_issued_before: null,
      event_hooks: [
        { ...hook, event_types: [...hook.event_types], signing_secret: 'a secret of this hook alone' },
      ],
    },
    result: {
      app: { ...app, guests: { ...app.guests, enabled: true }, event_hooks: [shownHook] },
      duration,
    },
  },
  listRoles: { result: { roles: [role], duration } },
  createRole: { body: { name: 'steward', rank: 100 }, result: { role, duration } },
  deleteRole: { params: { name: 'steward' }, result: done },
  getTask: {
    params: { id: 'task-1' },
    result: {
      task_id: 'task-1',
      status: 'completed',
      created_at: at,
      updated_at: at,
      progress: { done: 1, total: 1 },
      result: { noor: { status: 'ok' } },
      duration,
    },
  },
  getTaskResults: {
    params: { id: 'task-1' },
    query: { limit: '100' },
    result: {
      results: [
        { user_id: 'noor', status: 'ok' },
        { user_id: 'nobody', status: 'error', error: 'user "nobody" does not exist' },
      ],
      duration,
    },
  },
  getTaskExport: {
    params: { id: 'task-4' },
    result: {
      records: [
        { user_id: 'noor', kind: 'user', data: { id: 'noor', name: 'Noor' } },
        { user_id: 'noor', kind: 'membership', data: { call_cid: 'default:standup', role: 'host' } },
      ],
      duration,
    },
  },
  cancelTask: { params: { id: 'task-1' }, body: {}, result: done },
  queryModerationLogs: {
    query: { action: 'ban_user', from: at, limit: '10' },
    result: {
      logs: [
        {
          id: 'record-1',
          created_at: at,
          action: 'ban_user',
          actor_kind: 'server',
          as_id: 'maya',
          target_type: 'user',
          target_id: 'noor',
          reason: 'spam',
          request_id: 'request-9',
          address: '203.0.113.7',
          after: { expires: later },
          enforcement: noMedia,
          seq: 1,
          hash: '00ff',
        },
      ],
      duration,
    },
  },
  upsertUsers: {
    body: { users: { maya: { id: 'maya', name: 'Maya', role: 'user', custom: { plan: 'free' } } } },
    result: { users: { maya }, duration },
  },
  updateUsersPartial: {
    body: {
      users: [
        { id: 'maya', set: { name: 'Maya', custom: { plan: 'paid' } }, unset: ['image', 'custom.trial'] },
      ],
    },
    result: { users: { maya }, duration },
  },
  queryUsersByGet: {
    query: { payload: '{"filter_conditions":{"banned":true}}' },
    result: { users: [maya], duration },
  },
  queryUsers: {
    body: {
      filter_conditions: { role: { $in: ['admin', 'moderator'] } },
      sort: [{ field: 'created_at', direction: -1 }],
      limit: 10,
    },
    result: { users: [maya], next: 'cursor', duration },
  },
  deactivateUser: {
    params: { user_id: 'noor' },
    body: { created_by_id: 'maya' },
    result: { user: { ...noor, deactivated_at: at }, enforcement: noMedia, duration },
  },
  reactivateUser: { params: { user_id: 'noor' }, body: { name: 'Noor' }, result: { user: noor, duration } },
  deactivateUsers: {
    body: { user_ids: ['noor'] },
    result: { task_id: 'task-1', enforcement: noMedia, duration },
  },
  reactivateUsers: { body: { user_ids: ['noor'] }, result: { task_id: 'task-2', duration } },
  deleteUsers: { body: { user_ids: ['noor'], user: 'soft' }, result: { task_id: 'task-3', duration } },
  restoreUsers: { body: { user_ids: ['noor'] }, result: done },
  exportUsers: { body: { user_ids: ['noor'] }, result: { task_id: 'task-4', duration } },
  blockUsers: {
    body: { user_id: 'maya', blocked_user_id: 'noor' },
    result: { blocked_by_user_id: 'maya', blocked_user_id: 'noor', created_at: at, duration },
  },
  unblockUsers: { body: { user_id: 'maya', blocked_user_id: 'noor' }, result: done },
  getBlockedUsers: {
    query: { user_id: 'maya' },
    result: {
      blocks: [{ user_id: 'maya', blocked_user_id: 'noor', created_at: at, user: maya, blocked_user: noor }],
      duration,
    },
  },
  listCallTypes: { result: { call_types: { webinar: callType }, duration } },
  getCallType: { params: { name: 'webinar' }, result: { ...callType, duration } },
  createCallType: {
    body: {
      name: 'webinar',
      settings: { backstage: { enabled: true } },
      grants: { user: ['join-call', 'read-call'] },
    },
    result: { ...callType, duration },
  },
  updateCallType: {
    params: { name: 'webinar' },
    body: { grants: { 'call-member': ['join-call'] }, notification_settings: { enabled: false } },
    result: { ...callType, duration },
  },
  deleteCallType: { params: { name: 'webinar' }, result: done },
  getCall: { params: inCall, query: { members_limit: '100' }, result: callState },
  getOrCreateCall: {
    params: inCall,
    body: {
      data: {
        created_by_id: 'maya',
        members: [{ user_id: 'noor', role: 'call-member' }],
        custom: { topic: 'Monday' },
        starts_at: later,
      },
      members_limit: 10,
    },
    result: { ...callState, created: true },
  },
  updateCall: {
    params: inCall,
    body: {
      settings_override: { screensharing: { enabled: false } },
      data: { custom: { topic: 'Tuesday' } },
    },
    result: { ...callState, enforcement: noMedia },
  },
  queryCalls: {
    body: { filter_conditions: { type: 'default', ongoing: true }, sort: [{ field: 'starts_at' }], limit: 5 },
    result: { calls: [{ call, members: [member], own_capabilities: ['read-call'] }], duration },
  },
  updateCallMembers: {
    params: inCall,
    body: { update_members: [{ user_id: 'maya', role: 'host' }], remove_members: ['noor'] },
    result: { members: [member], duration },
  },
  queryMembers: {
    body: { type: 'default', id: 'standup', filter_conditions: { role: 'host' } },
    result: { members: [member], duration },
  },
  endCall: { params: inCall, body: {}, result: { enforcement: applied, duration } },
  goLive: { params: inCall, body: {}, result: { call, duration } },
  stopLive: {
    params: inCall,
    body: {},
    result: { call: { ...call, backstage: true }, enforcement: applied, duration },
  },
  joinCall: {
    params: inCall,
    body: { user_id: 'noor', create: false },
    result: {
      ...callState,
      created: false,
      session_id: 'device-2',
      credentials: {
        url: 'wss://calls.example.com',
        token: 'header.payload.signature',
        expires_at: later,
        ice_servers: [{ urls: ['stun:stun.example.com:3478'] }],
      },
    },
  },
  leaveCall: { params: inCall, body: { session_id: 'device-2', user_id: 'noor' }, result: done },
  pin: { params: inCall, body: { user_id: 'maya', session_id: 'device-1' }, result: done },
  unpin: { params: inCall, body: { user_id: 'maya', session_id: 'device-1' }, result: done },
  blockUser: { params: inCall, body: { user_id: 'noor' }, result: { enforcement: applied, duration } },
  unblockUser: { params: inCall, body: { user_id: 'noor' }, result: done },
  kickUser: {
    params: inCall,
    body: { user_id: 'noor', block: false },
    result: { enforcement: applied, duration },
  },
  kickService: {
    params: inCall,
    body: { session_id: 'device-3' },
    result: { enforcement: applied, duration },
  },
  muteUsers: {
    params: inCall,
    body: { mute_all_users: true, audio: true, screenshare_audio: true, muted_by_id: 'maya' },
    result: { enforcement: noMedia, duration },
  },
  updateUserPermissions: {
    params: inCall,
    body: { user_id: 'noor', grant_permissions: ['send-audio'], revoke_permissions: ['screenshare'] },
    result: { enforcement: noMedia, duration },
  },
  requestPermission: {
    params: inCall,
    body: { permissions: ['screenshare'] },
    result: { permission_requests: [asked], duration },
  },
  listPermissionRequests: {
    params: inCall,
    query: { state: 'pending' },
    result: { permission_requests: [asked], duration },
  },
  denyPermissionRequest: {
    params: inRequest,
    body: { reason: 'Not now' },
    result: {
      permission_request: { ...asked, state: 'denied', reason: 'Not now', answered_at: later },
      duration,
    },
  },
  withdrawPermissionRequest: {
    params: inRequest,
    body: {},
    result: { permission_request: { ...asked, state: 'withdrawn', answered_at: later }, duration },
  },
  banUser: {
    body: { target_user_id: 'noor', banned_by_id: 'maya', reason: 'spam', timeout: 60, ip_ban: true },
    result: {
      enforcement: applied,
      ip_ban: { prefix_count: 1, prefixes: ['203.0.113.7/32'], others_in_calls: 0, others_last_24_hours: 2 },
      duration,
    },
  },
  unbanUser: {
    query: { target_user_id: 'noor', channel_cid: 'default:standup' },
    body: { target_user_id: 'noor' },
    result: done,
  },
  queryBansByGet: {
    query: { payload: '{"filter_conditions":{"user_id":"noor"}}' },
    result: { bans: [ban], duration },
  },
  queryBans: {
    body: { filter_conditions: { banned_by_id: 'maya' }, limit: 100 },
    result: { bans: [ban], duration },
  },
  ringCall: { params: inCall, body: { members_ids: ['noor'] }, result: done },
  acceptCall: { params: inCall, body: {}, result: done },
  rejectCall: { params: inCall, body: { reason: 'busy' }, result: done },
  sendCallEvent: { params: inCall, body: { custom: { draw: [1, 2] } }, result: done },
  sendReaction: { params: inCall, body: { type: 'like', emoji_code: ':thumbsup:' }, result: done },
  listWebhookDeliveries: {
    query: { hook_id: 'hook-1', state: 'slow', since: at, limit: '10' },
    result: { deliveries: [delivery], duration },
  },
  replayWebhookDelivery: {
    params: { id: 'delivery-1' },
    body: {},
    result: { delivery: { ...delivery, next_attempt_at: at }, duration },
  },
  replayWebhooks: {
    body: { since: at, hook_id: 'hook-1' },
    result: { hook_ids: ['hook-1'], deliveries: 1, duration },
  },
  testWebhook: {
    body: { hook_id: 'hook-1' },
    result: {
      hook_id: 'hook-1',
      webhook_id: 'delivery-2',
      delivered: true,
      status: 200,
      body: 'ok',
      took_ms: 12.5,
      duration,
    },
  },
  createPlayLink: {
    params: inCall,
    body: { name: 'A visitor', expires_in_minutes: 60 },
    result: {
      url: 'https://calls.example.com/play#key=app-key&link=bWFkZSB1cCBhbmQgZ29vZCBmb3Igbm90aGluZyBhdCBhbGw',
      call_cid: 'default:standup',
      role: 'call_member',
      expires_at: later,
      duration,
    },
  },
  exchangePlayLink: {
    body: { secret: 'bWFkZSB1cCBhbmQgZ29vZCBmb3Igbm90aGluZyBhdCBhbGw' },
    result: {
      user: person('play-4f1c', 'A visitor'),
      user_id: 'play-4f1c',
      call_cid: 'default:standup',
      role: 'call_member',
      access_token: 'header.payload.signature',
      expires_at: later,
      media: { configured: true, url: 'wss://calls.example.com' },
      duration,
      enforcement: noMedia,
    },
  },
};
