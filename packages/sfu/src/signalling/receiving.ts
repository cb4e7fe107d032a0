import { SubscriptionError, SubscriptionResponse } from '@livekit/protocol';
import type { SentSection } from '../media/media-peer.ts';
import type { Participant, Track } from '../rooms/state.ts';
import { tell } from '../rooms/tell.ts';
import type { MediaSection } from '../sdp/index.ts';
import type { Slot, Slots } from './slots.ts';
import type { Wishes } from './wishes.ts';

/** How one participant gets what it shall receive: with one connection in the client's sections, with two in ours. */
export interface Receiving {
  /** The participant's `wanted` changed: what is in it no more is not sent from this tick on. */
  wantsChanged(): void;
  /** The client resumed: what it was told last may be lost. */
  resumed(): void;
}

/** Stops what is wanted no more, in this tick. */
export function stopUnwanted({ media, wanted }: Participant, slots: Slots): void {
  for (const sid of slots.release(wanted)) media.stopSending(sid);
}

/** Sends a slot's track in its section, as the client described it last. False: the client does not take the codec. */
export function sendIn(participant: Participant, wishes: Wishes, slot: Slot, section: MediaSection): boolean {
  const { track, mid, ssrc } = slot;
  const payloadType = track?.codec && section.payloadTypes.get(track.codec);
  if (!track || payloadType === undefined) return false;
  const { extensions } = section;
  const sent: SentSection = { trackSid: track.sid, mid, payloadType, ssrc, extensions };
  slot.isSent = true;
  participant.media.send(sent, track.owner.media);
  const wish = wishes.of(track);
  if (wish) participant.media.setWish(track.sid, wish);
  return true;
}

/** Tells a client that it cannot have a track, which has a codec that it did not offer. */
export const tellUnsupported = (participant: Participant, { sid }: Track): void =>
  tell(participant, {
    case: 'subscriptionResponse',
    value: new SubscriptionResponse({ trackSid: sid, err: SubscriptionError.SE_CODEC_UNSUPPORTED }),
  });
