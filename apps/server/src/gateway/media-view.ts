import { TrackSource, TrackType } from '@livekit/protocol';

/** What a mute record names (docs/spec/mutes.md). */
export type MediaKind = 'audio' | 'video' | 'screenshare' | 'screenshare_audio';

/** Who of a call is hidden from a person, and whether the gateway has to subscribe for them because of it. */
export interface Hiding {
  /** Whether neither media nor announcements of the participant with this media identity may reach the person. */
  isHidden(identity: string): boolean;
  /** Anybody is hidden from anybody in this call: auto-subscription is off and the gateway drives subscriptions. */
  readonly drivesSubscriptions: boolean;
}

/** What the policy says of a person now, as far as their messages to the media server need it. */
export interface MediaView extends Hiding {
  /** What the person may publish. The reader has put in SCREEN_SHARE_AUDIO only where they may speak, too. */
  readonly sources: ReadonlySet<TrackSource>;
  /** Mute records in force. */
  readonly muted: ReadonlySet<MediaKind>;
}

/** The view of somebody who may do nothing: what a message is judged by when nobody read a view for it. */
export const NOTHING_ALLOWED: MediaView = {
  sources: new Set(),
  muted: new Set(),
  isHidden: () => true,
  drivesSubscriptions: true,
};

const KINDS: ReadonlyMap<TrackSource, { readonly kind: MediaKind; readonly type: TrackType }> = new Map([
  [TrackSource.MICROPHONE, { kind: 'audio', type: TrackType.AUDIO }],
  [TrackSource.CAMERA, { kind: 'video', type: TrackType.VIDEO }],
  [TrackSource.SCREEN_SHARE, { kind: 'screenshare', type: TrackType.VIDEO }],
  [TrackSource.SCREEN_SHARE_AUDIO, { kind: 'screenshare_audio', type: TrackType.AUDIO }],
]);

/** Our kind of a source; undefined for sources that nobody may declare. */
export const kindOfSource = (source: TrackSource): MediaKind | undefined => KINDS.get(source)?.kind;

/** Whether a track of this type may name this source: sound never passes for a camera, nor a picture for a voice. */
export const isPair = (type: TrackType, source: TrackSource): boolean => KINDS.get(source)?.type === type;
