import { CAPABILITIES, type Capability } from './capabilities.ts';
import type { BuiltInRole } from './roles.ts';
import type { NotificationSettings } from './schemas/call-types.ts';
import type { CallSettings } from './schemas/settings.ts';

export type BuiltInCallType = 'default' | 'audio_room' | 'livestream' | 'development';
export type BuiltInGrants = Record<BuiltInRole, readonly Capability[]>;

/** How much of a kind a call type opens (api.md 0.1). */
const ON = { enabled: true, access_request_enabled: false } as const;
const ON_REQUEST = { enabled: true, access_request_enabled: true } as const;
const OFF = { enabled: false, access_request_enabled: false } as const;

/** The settings in which the built-in types differ; the rest is the same for all (api.md 4.3). */
interface Differences {
  audio: { enabled: boolean; access_request_enabled: boolean };
  video: { enabled: boolean; access_request_enabled: boolean };
  screensharing: { enabled: boolean; access_request_enabled: boolean };
  devicesOn: boolean;
  backstage: boolean;
}

const settings = (of: Differences): CallSettings => ({
  audio: {
    ...of.audio,
    mic_default_on: of.devicesOn,
    speaker_default_on: true,
    opus_dtx_enabled: true,
    redundant_coding_enabled: true,
    default_device: 'speaker',
  },
  video: {
    ...of.video,
    camera_default_on: of.devicesOn,
    camera_facing: 'front',
    target_resolution: { width: 1280, height: 720, bitrate: 1_500_000 },
  },
  screensharing: { ...of.screensharing },
  backstage: { enabled: of.backstage, join_ahead_time_seconds: 0 },
  ring: { incoming_call_timeout_ms: 15_000, auto_cancel_timeout_ms: 30_000, missed_call_timeout_ms: 30_000 },
  limits: { max_participants: null, max_duration_seconds: null },
  user_blocks: { hide_media: false },
});

const ATTEND = ['join-call', 'read-call'] as const satisfies readonly Capability[];
const SPEAK = ['send-audio', 'send-data'] as const satisfies readonly Capability[];
const SHOW = ['send-video', 'screenshare'] as const satisfies readonly Capability[];

const PARTICIPANT = [...ATTEND, 'create-call', ...SPEAK, ...SHOW, 'create-reaction'] as const;
const AUDIENCE = [...ATTEND, 'create-call', 'create-reaction'] as const;
const MODERATOR = [
  ...PARTICIPANT,
  'join-backstage',
  'join-ended-call',
  'update-call',
  'update-call-member',
  'update-call-member-role',
  'remove-call-member',
  'update-call-permissions',
  'mute-users',
  'kick-user',
  'block-users',
  'pin-for-everyone',
] as const satisfies readonly Capability[];
const HOST = [...MODERATOR, 'update-call-settings', 'end-call'] as const satisfies readonly Capability[];
const SPEAKER = [...ATTEND, 'create-call', ...SPEAK, 'create-reaction', 'join-backstage'] as const;

/** The roles whose grants are the same in `default`, `audio_room` and `livestream`. */
const STAFF = {
  admin: [...HOST, 'join-hidden'],
  moderator: [...MODERATOR, 'join-hidden'],
  host: HOST,
  call_member: PARTICIPANT,
  speaker: SPEAKER,
  anonymous: ATTEND,
  viewer: ATTEND,
} as const satisfies Partial<BuiltInGrants>;

const MEETING: BuiltInGrants = {
  ...STAFF,
  user: PARTICIPANT,
  guest: [...ATTEND, ...SPEAK, 'send-video', 'create-reaction'],
  broadcaster: [...SPEAKER, ...SHOW],
};

const LIVESTREAM: BuiltInGrants = {
  ...STAFF,
  user: AUDIENCE,
  guest: [...ATTEND, 'create-reaction'],
  broadcaster: [...SPEAKER, ...SHOW],
};

const AUDIO_ROOM: BuiltInGrants = { ...LIVESTREAM, broadcaster: [...SPEAKER, 'screenshare'] };

/** Everything, but nobody without an account creates calls (api.md 0.5 wins over 4.5). */
const VISITOR_IN_DEVELOPMENT = CAPABILITIES.filter((capability) => capability !== 'create-call');

const DEVELOPMENT: BuiltInGrants = {
  admin: CAPABILITIES,
  moderator: CAPABILITIES,
  host: CAPABILITIES,
  user: CAPABILITIES,
  guest: VISITOR_IN_DEVELOPMENT,
  anonymous: VISITOR_IN_DEVELOPMENT,
  speaker: CAPABILITIES,
  viewer: CAPABILITIES,
  broadcaster: CAPABILITIES,
  call_member: CAPABILITIES,
};

/**
 * The four call types that ship with the server: settings of api.md 4.3, grants of 4.5, with
 * `send-data` wherever `send-audio` is (0.11) and `join-hidden` for admin and moderator (0.16).
 * Recording, broadcasting and transcription are granted in `development` only: they are not supported.
 */
export const BUILT_IN_CALL_TYPES: Readonly<
  Record<BuiltInCallType, { readonly settings: CallSettings; readonly grants: BuiltInGrants }>
> = {
  default: {
    settings: settings({ audio: ON, video: ON, screensharing: ON, devicesOn: true, backstage: false }),
    grants: MEETING,
  },
  audio_room: {
    settings: settings({
      audio: ON_REQUEST,
      video: OFF,
      screensharing: OFF,
      devicesOn: false,
      backstage: true,
    }),
    grants: AUDIO_ROOM,
  },
  livestream: {
    settings: settings({
      audio: ON_REQUEST,
      video: ON_REQUEST,
      screensharing: ON_REQUEST,
      devicesOn: false,
      backstage: true,
    }),
    grants: LIVESTREAM,
  },
  development: {
    settings: settings({ audio: ON, video: ON, screensharing: ON, devicesOn: true, backstage: false }),
    grants: DEVELOPMENT,
  },
};

export const BUILT_IN_CALL_TYPE_NAMES = Object.keys(BUILT_IN_CALL_TYPES) as BuiltInCallType[];

const push = (title: string, body: string) => ({ enabled: true, apns: { title, body } });

/** What every call type starts with. */
export const DEFAULT_NOTIFICATION_SETTINGS: NotificationSettings = {
  enabled: true,
  call_ring: push('{{ user.display_name }} is calling', '{{ call.display_name }}'),
  call_notification: push('{{ user.display_name }} invites you to a call', '{{ call.display_name }}'),
  call_missed: push('Missed call from {{ user.display_name }}', '{{ call.display_name }}'),
  call_live_started: push('{{ user.display_name }} is live', '{{ call.display_name }}'),
  session_started: push('{{ call.display_name }} has started', '{{ user.display_name }}'),
};
