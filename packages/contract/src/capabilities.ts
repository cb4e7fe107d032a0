/** Everything that a person can be allowed to do in a call (api.md 4.4 and our extensions). */
export const CAPABILITIES = [
  'join-call',
  'read-call',
  'create-call',
  'join-ended-call',
  'join-backstage',
  'join-hidden',
  'update-call',
  'update-call-settings',
  'update-call-member',
  'update-call-member-role',
  'remove-call-member',
  'update-call-permissions',
  'send-audio',
  'send-video',
  'screenshare',
  'send-data',
  'start-record-call',
  'stop-record-call',
  'start-broadcast-call',
  'stop-broadcast-call',
  'start-transcription-call',
  'stop-transcription-call',
  'end-call',
  'mute-users',
  'kick-user',
  'block-users',
  'create-reaction',
  'pin-for-everyone',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

const known: ReadonlySet<string> = new Set(CAPABILITIES);
/** Whether the text names a capability. */
export const isCapability = (text: string): text is Capability => known.has(text);

/** The three that a person may ask for. */
export const REQUESTABLE = ['send-audio', 'send-video', 'screenshare'] as const;
export type Requestable = (typeof REQUESTABLE)[number];
export const isRequestable = (text: string): text is Requestable =>
  (REQUESTABLE as readonly string[]).includes(text);

/** The setting that gates each kind (api.md 0.1). */
export const SETTING_OF_KIND = {
  'send-audio': 'audio',
  'send-video': 'video',
  screenshare: 'screensharing',
} as const satisfies Record<Requestable, string>;

/** What `mute_users` can silence. */
export const TRACK_KINDS = ['audio', 'video', 'screenshare', 'screenshare_audio'] as const;
export type TrackKind = (typeof TRACK_KINDS)[number];

/** What sending each kind needs. The sound of a screen carries a voice as well as any microphone does. */
export const KIND_NEEDS = {
  audio: ['send-audio'],
  video: ['send-video'],
  screenshare: ['screenshare'],
  screenshare_audio: ['screenshare', 'send-audio'],
} as const satisfies Record<TrackKind, readonly Capability[]>;
