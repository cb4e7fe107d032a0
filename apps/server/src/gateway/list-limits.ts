import type { SignalRequest, SubscriptionPermission } from '@livekit/protocol';
import { MAX_ID } from './offer.ts';
import { MAX_TRACKS } from './tracks.ts';

/** Most people whom a client names one by one as those who may have its tracks; for all others there is one flag. */
export const MAX_PERMITTED = 1_000;
/** Most layers of a track that a client tells of; LiveKit knows three qualities. */
export const MAX_LAYERS = 16;
/** Most features of a track of sound; the protocol has seven. */
export const MAX_FEATURES = 16;

/**
 * Whether the lists and ids in a message that is relayed as it came are no longer than an honest client's. The media server
 * keeps them, and hands some of them on to everybody.
 */
export function isWithinLimits({ case: name, value }: SignalRequest['message']): boolean {
  switch (name) {
    case 'subscriptionPermission':
      return isPermissionShort(value);
    case 'updateLayers':
      return isId(value.trackSid) && value.layers.length <= MAX_LAYERS && value.layers.every(hasShortId);
    case 'updateAudioTrack':
      return isId(value.trackSid) && value.features.length <= MAX_FEATURES;
    case 'updateVideoTrack':
      return isId(value.trackSid);
    default:
      return true;
  }
}

const isId = (text: string): boolean => text.length <= MAX_ID;
const hasShortId = ({ rid }: { readonly rid: string }): boolean => isId(rid);

const isPermissionShort = ({ trackPermissions }: SubscriptionPermission): boolean =>
  trackPermissions.length <= MAX_PERMITTED &&
  trackPermissions.every(
    ({ participantSid, participantIdentity, trackSids }) =>
      isId(participantSid) &&
      isId(participantIdentity) &&
      trackSids.length <= MAX_TRACKS &&
      trackSids.every(isId),
  );
