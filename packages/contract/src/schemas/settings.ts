import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { flag, LIMITS, nullable, oneOf, response, whole } from './fields.ts';

/*
 * Each section is written once: as it is in force (every key present) and, through `Type.Partial`, as it
 * is asked for (every key optional). Both are open: keys that are not listed are stored and ignored.
 */

const open = <P extends TProperties>(description: string, properties: P): TObject<P> =>
  Type.Object(properties, { description, additionalProperties: true, maxProperties: LIMITS.settingsKeys });

const access_request_enabled = flag(
  'People without the permission may ask for it; until granted, ordinary users do not hold it, whatever their role grants.',
);

const targetResolution = (what: string) =>
  open(`The size and bit rate to aim at when sending ${what}.`, {
    width: whole(1, 7680, 'Pixels.'),
    height: whole(1, 4320, 'Pixels.'),
    bitrate: whole(1000, 100_000_000, 'Bits per second.'),
  });

const audio = open('Microphones.', {
  enabled: flag('Whether anybody may send audio.'),
  access_request_enabled,
  mic_default_on: flag('Whether clients start with the microphone on.'),
  speaker_default_on: flag('Whether clients start with the speaker on.'),
  opus_dtx_enabled: flag('Discontinuous transmission: send little while silent.'),
  redundant_coding_enabled: flag('Send audio redundantly, against packet loss.'),
  default_device: oneOf(['speaker', 'earpiece'], 'The output that phones start with.'),
});

const video = open('Cameras.', {
  enabled: flag('Whether anybody may send video.'),
  access_request_enabled,
  camera_default_on: flag('Whether clients start with the camera on.'),
  camera_facing: oneOf(['front', 'back', 'external'], 'The camera that clients start with.'),
  target_resolution: targetResolution('video'),
});

const screensharing = open('Screen sharing.', {
  enabled: flag('Whether anybody may share a screen.'),
  access_request_enabled,
  target_resolution: Type.Optional(targetResolution('a screen')),
});

const backstage = open('Backstage: only holders of `join-backstage` may join.', {
  enabled: flag('Whether calls start in backstage. While false, no call is in backstage.'),
  join_ahead_time_seconds: whole(
    0,
    86_400,
    'Seconds before `starts_at` from which everybody may join; 0: never ahead.',
  ),
});

const milliseconds = (description: string) => whole(1000, 600_000, `Milliseconds. ${description}`);
const ring = open('Ringing.', {
  incoming_call_timeout_ms: milliseconds('How long clients show an incoming call.'),
  auto_cancel_timeout_ms: milliseconds('After this long without an answer the call is cancelled.'),
  missed_call_timeout_ms: milliseconds('After this long without an answer the call is missed.'),
});

const limits = open('Limits.', {
  max_participants: nullable(
    whole(1, 100_000, 'How many people may be in the call at once; null: no limit.'),
  ),
  max_duration_seconds: nullable(
    whole(1, 31_536_000, 'Seconds after the start of the session at which the call ends; null: no limit.'),
  ),
});

const user_blocks = open('What a block between two users means inside the call.', {
  hide_media: flag('Neither side of a user block receives the media of the other.'),
});

export const CallSettings = response(
  'CallSettings',
  'The settings in force: the call type’s, then the call’s own.',
  {
    audio,
    video,
    screensharing,
    backstage,
    ring,
    limits,
    user_blocks,
  },
);
export type CallSettings = Static<typeof CallSettings>;

/** The names of the sections of `CallSettings`. */
export const SETTINGS_SECTIONS = Object.keys(CallSettings.properties) as (keyof CallSettings)[];

const ask = <P extends TProperties>(section: TObject<P>, description: string) =>
  Type.Optional(
    Type.Partial(section, { description, additionalProperties: true, maxProperties: LIMITS.settingsKeys }),
  );
const askResolution = (what: string) =>
  ask(targetResolution(what), `The size and bit rate to aim at when sending ${what}.`);

export const CallSettingsRequest = Type.Object(
  {
    audio: ask(audio, 'Microphones.'),
    video: ask(open('', { ...video.properties, target_resolution: askResolution('video') }), 'Cameras.'),
    screensharing: ask(
      open('', { ...screensharing.properties, target_resolution: askResolution('a screen') }),
      'Screen sharing. `enabled: true` with `access_request_enabled: true` lets people share only after asking.',
    ),
    backstage: ask(backstage, 'Backstage.'),
    ring: ask(ring, 'Ringing.'),
    limits: ask(limits, 'Limits.'),
    user_blocks: ask(user_blocks, 'What a block between two users means inside the call.'),
  },
  {
    title: 'CallSettingsRequest',
    description:
      'The settings to change, key by key; what is left out stays as it is. Keys that are not listed are stored and ignored. At most 16 KB as JSON.',
    additionalProperties: true,
    maxProperties: LIMITS.settingsKeys,
  },
);
export type CallSettingsRequest = Static<typeof CallSettingsRequest>;
