import { describe, expect, it } from 'vitest';
import { BUILT_IN_CALL_TYPES, type BuiltInCallType } from './built-in-call-types.ts';
import { CAPABILITIES, type Capability } from './capabilities.ts';
import { BASE_ROLES, BUILT_IN_ROLE_NAMES, BUILT_IN_ROLES, type BuiltInRole, canonicalRole } from './roles.ts';
import { MAX_CUSTOM_RANK } from './schemas/roles.ts';

// Columns of the strings below: who holds the capability. Rows: default, audio_room, livestream.
const ROLES = [
  'admin',
  'moderator',
  'host',
  'user',
  'call_member',
  'speaker',
  'broadcaster',
  'viewer',
  'guest',
  'anonymous',
] as const satisfies readonly BuiltInRole[];

const STAFF = ['xxx.......', 'xxx.......', 'xxx.......'] as const;
const HOSTS = ['x.x.......', 'x.x.......', 'x.x.......'] as const;
const NOBODY = ['..........', '..........', '..........'] as const;
const GRANTS: Record<Capability, readonly [string, string, string]> = {
  'join-call': ['xxxxxxxxxx', 'xxxxxxxxxx', 'xxxxxxxxxx'],
  'read-call': ['xxxxxxxxxx', 'xxxxxxxxxx', 'xxxxxxxxxx'],
  'create-call': ['xxxxxxx...', 'xxxxxxx...', 'xxxxxxx...'],
  'send-audio': ['xxxxxxx.x.', 'xxx.xxx...', 'xxx.xxx...'],
  'send-data': ['xxxxxxx.x.', 'xxx.xxx...', 'xxx.xxx...'],
  'send-video': ['xxxxx.x.x.', 'xxx.x.....', 'xxx.x.x...'],
  screenshare: ['xxxxx.x...', 'xxx.x.x...', 'xxx.x.x...'],
  'create-reaction': ['xxxxxxx.x.', 'xxxxxxx.x.', 'xxxxxxx.x.'],
  'join-backstage': ['xxx..xx...', 'xxx..xx...', 'xxx..xx...'],
  'join-ended-call': STAFF,
  'update-call': STAFF,
  'update-call-member': STAFF,
  'update-call-member-role': STAFF,
  'remove-call-member': STAFF,
  'update-call-permissions': STAFF,
  'mute-users': STAFF,
  'kick-user': STAFF,
  'block-users': STAFF,
  'pin-for-everyone': STAFF,
  'update-call-settings': HOSTS,
  'end-call': HOSTS,
  'join-hidden': ['xx........', 'xx........', 'xx........'],
  'start-record-call': NOBODY,
  'stop-record-call': NOBODY,
  'start-broadcast-call': NOBODY,
  'stop-broadcast-call': NOBODY,
  'start-transcription-call': NOBODY,
  'stop-transcription-call': NOBODY,
};

const holders = (type: BuiltInCallType, capability: Capability) =>
  ROLES.map((role) => (BUILT_IN_CALL_TYPES[type].grants[role].includes(capability) ? 'x' : '.')).join('');

describe('built-in roles', () => {
  it('[CON15] ranks admin over moderator over host over everybody else', () => {
    expect(BUILT_IN_ROLES).toEqual({
      admin: { rank: 400 },
      moderator: { rank: 300 },
      host: { rank: 200 },
      user: { rank: 0 },
      guest: { rank: 0 },
      anonymous: { rank: 0 },
      speaker: { rank: 0 },
      viewer: { rank: 0 },
      broadcaster: { rank: 0 },
      call_member: { rank: 0 },
    });
    expect(MAX_CUSTOM_RANK).toBeLessThan(BUILT_IN_ROLES.admin.rank);
  });

  it('[CON15] names the roles that must ask while a kind is on request', () => {
    expect([...BASE_ROLES].sort()).toEqual(['anonymous', 'call_member', 'guest', 'user', 'viewer']);
  });

  it('[CON19] reads call-member as call_member and leaves other names alone', () => {
    expect(canonicalRole('call-member')).toBe('call_member');
    expect(canonicalRole('call_member')).toBe('call_member');
    expect(canonicalRole('Call-Member')).toBe('Call-Member');
    expect(canonicalRole('co-host')).toBe('co-host');
  });
});

describe('built-in grants', () => {
  it('[CON16] speaks of every role and every capability', () => {
    expect([...ROLES].sort()).toEqual([...BUILT_IN_ROLE_NAMES].sort());
    expect(Object.keys(GRANTS).sort()).toEqual([...CAPABILITIES].sort());
  });

  const cells = CAPABILITIES.flatMap((capability) =>
    (['default', 'audio_room', 'livestream'] as const).map(
      (type, column) => [capability, type, GRANTS[capability][column] ?? ''] as const,
    ),
  );
  it.each(cells)('[CON16] grants %s in %s to %s', (capability, type, expected) => {
    expect(holders(type, capability)).toBe(expected);
  });

  it.each(CAPABILITIES)(
    '[CON17] grants %s to everybody in development, creation not to visitors',
    (capability) => {
      expect(holders('development', capability)).toBe(
        capability === 'create-call' ? 'xxxxxxxx..' : 'xxxxxxxxxx',
      );
    },
  );

  it('[CON16] lists no capability twice', () => {
    for (const { grants } of Object.values(BUILT_IN_CALL_TYPES))
      for (const list of Object.values(grants)) expect(new Set(list).size).toBe(list.length);
  });
});

describe('built-in settings', () => {
  const states = { on: [true, false], request: [true, true], off: [false, false] } as const;
  const TABLE = [
    ['default', 'on', 'on', 'on', true, false],
    ['audio_room', 'request', 'off', 'off', false, true],
    ['livestream', 'request', 'request', 'request', false, true],
    ['development', 'on', 'on', 'on', true, false],
  ] as const;

  it.each(TABLE)(
    '[CON18] opens in %s: audio %s, video %s, screen %s',
    (type, audio, video, screen, devicesOn, backstage) => {
      const [audioOn, audioAsks] = states[audio];
      const [videoOn, videoAsks] = states[video];
      const [screenOn, screenAsks] = states[screen];
      expect(BUILT_IN_CALL_TYPES[type].settings).toEqual({
        audio: {
          enabled: audioOn,
          access_request_enabled: audioAsks,
          mic_default_on: devicesOn,
          speaker_default_on: true,
          opus_dtx_enabled: true,
          redundant_coding_enabled: true,
          default_device: 'speaker',
        },
        video: {
          enabled: videoOn,
          access_request_enabled: videoAsks,
          camera_default_on: devicesOn,
          camera_facing: 'front',
          target_resolution: { width: 1280, height: 720, bitrate: 1_500_000 },
        },
        screensharing: { enabled: screenOn, access_request_enabled: screenAsks },
        backstage: { enabled: backstage, join_ahead_time_seconds: 0 },
        ring: {
          incoming_call_timeout_ms: 15_000,
          auto_cancel_timeout_ms: 30_000,
          missed_call_timeout_ms: 30_000,
        },
        limits: { max_participants: null, max_duration_seconds: null },
        user_blocks: { hide_media: false },
      });
    },
  );
});
