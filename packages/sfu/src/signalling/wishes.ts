import { type UpdateTrackSettings, VideoQuality } from '@livekit/protocol';
import type { Wish } from '../media/media-peer.ts';
import type { Participant, Track } from '../rooms/state.ts';

/** What a client wants of the tracks that it is sent (`trackSetting`), kept for tracks that come later, too. */
export class Wishes {
  readonly #participant: Participant;
  readonly #settings = new Map<string, UpdateTrackSettings>();

  constructor(participant: Participant) {
    this.#participant = participant;
  }

  /** Past the bound of one participant's choices settings are dropped: the track is sent in full. */
  set(setting: UpdateTrackSettings): void {
    const { wanted, room, media } = this.#participant;
    for (const sid of setting.trackSids.slice(0, room.limits.choices)) {
      if (!this.#settings.has(sid) && this.#settings.size >= room.limits.choices) this.#forget();
      if (!this.#settings.has(sid) && this.#settings.size >= room.limits.choices) continue;
      this.#settings.set(sid, setting);
      const track = wanted.get(sid);
      // What is not sent yet gets it when it is.
      if (track && media.sent(sid)) media.setWish(sid, wishOf(track, setting));
    }
  }

  /** Undefined: the client said nothing of the track. */
  of(track: Track): Wish | undefined {
    const setting = this.#settings.get(track.sid);
    return setting && wishOf(track, setting);
  }

  /** Settings of tracks that are not there any more. */
  #forget(): void {
    const { wanted } = this.#participant;
    for (const sid of this.#settings.keys()) if (!wanted.has(sid)) this.#settings.delete(sid);
  }
}

/** A size asks for the lowest layer that is as large; without one the quality counts. */
function wishOf({ info }: Track, { disabled, quality, width, height }: UpdateTrackSettings): Wish {
  const asked = width > 0 && height > 0 ? qualityFor(info, Math.max(width, height)) : quality;
  return { disabled: disabled || asked === VideoQuality.OFF, quality: levelOf(asked) };
}

const levelOf = (quality: VideoQuality): 0 | 1 | 2 => {
  if (quality === VideoQuality.LOW) return 0;
  return quality === VideoQuality.MEDIUM ? 1 : 2;
};

/** By the longer side, so that a turned picture counts alike. Layers that were not declared halve each time. */
function qualityFor(info: Track['info'], side: number): VideoQuality {
  const full = Math.max(info.width, info.height);
  const sizes = [full / 4, full / 2, full];
  for (const { quality, width, height } of info.layers) {
    if (quality <= VideoQuality.HIGH && width > 0) sizes[quality] = Math.max(width, height);
  }
  const found = sizes.findIndex((size) => size >= side);
  return found === -1 ? VideoQuality.HIGH : found;
}
