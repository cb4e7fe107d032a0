import type { TrackKind } from '@callgate/contract';
import { TRACK_KINDS } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';

/** The kinds as a request names them, one flag each. */
export type MuteKinds = Partial<Record<TrackKind, boolean>>;

/** The kinds whose flag is true; 400/4 when there is none. */
export function kindsToMute(flags: MuteKinds): TrackKind[] {
  const kinds = TRACK_KINDS.filter((kind) => flags[kind] === true);
  if (kinds.length > 0) return kinds;
  throw inputError('audio', `nothing to mute: set at least one of ${TRACK_KINDS.join(', ')} to true`);
}

/** Every kind with its flag, as the event `call.user_muted` mirrors the request. */
export const flagsOf = (kinds: readonly TrackKind[]): Record<TrackKind, boolean> => ({
  audio: kinds.includes('audio'),
  video: kinds.includes('video'),
  screenshare: kinds.includes('screenshare'),
  screenshare_audio: kinds.includes('screenshare_audio'),
});
