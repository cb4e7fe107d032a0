import type { CallCid, TrackKind } from '@callgate/contract';
import {
  type ParticipantInfo,
  ParticipantPermission,
  type TrackInfo,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import type { VideoGrant } from 'livekit-server-sdk';
import type { WantedMedia } from '../features/media/index.ts';

const SOURCES: Record<TrackKind, TrackSource> = {
  audio: TrackSource.MICROPHONE,
  video: TrackSource.CAMERA,
  screenshare: TrackSource.SCREEN_SHARE,
  screenshare_audio: TrackSource.SCREEN_SHARE_AUDIO,
};
const TYPES: Record<TrackKind, TrackType> = {
  audio: TrackType.AUDIO,
  video: TrackType.VIDEO,
  screenshare: TrackType.VIDEO,
  screenshare_audio: TrackType.AUDIO,
};
const KINDS = Object.keys(SOURCES) as TrackKind[];

/** Our kind of a track; undefined for one whose source is unknown, or whose kind is not that of its source. */
export function kindOf({ source, type, mimeType }: TrackInfo): TrackKind | undefined {
  const kind = KINDS.find((one) => SOURCES[one] === source);
  if (kind === undefined || TYPES[kind] !== type) return undefined;
  const isAudio = mimeType.toLowerCase().startsWith('audio/');
  return mimeType === '' || isAudio === (type === TrackType.AUDIO) ? kind : undefined;
}

/** In the order of the protocol, so that the same grants are the same list. */
const sourcesOf = ({ kinds }: WantedMedia): TrackSource[] =>
  KINDS.filter((kind) => kinds.has(kind)).map((kind) => SOURCES[kind]);

/**
 * Everything that LiveKit is to allow: it takes the whole or nothing, what is left out is false. An empty list of
 * sources would mean all of them, so who may publish nothing has `canPublish` false.
 */
export function permissionOf(wanted: WantedMedia): ParticipantPermission {
  const canPublishSources = sourcesOf(wanted);
  return new ParticipantPermission({
    canSubscribe: wanted.receives,
    canPublish: canPublishSources.length > 0,
    canPublishSources,
    canPublishData: wanted.sendsData,
    hidden: wanted.isHidden,
    canUpdateMetadata: false,
  });
}

/** The same as the grant of a token, for the dial. */
export function videoGrantOf(room: CallCid, wanted: WantedMedia): VideoGrant {
  const { canSubscribe, canPublish, canPublishSources, canPublishData, hidden } = permissionOf(wanted);
  return {
    ...{ room, roomJoin: true, canSubscribe, canUpdateOwnMetadata: false },
    ...{ canPublish, canPublishSources, canPublishData, hidden },
  };
}

/** Whether the participant is as wanted: no more rights, nothing loud that is muted, nothing that may not be there. */
export function isHonest(
  { permission, tracks, name, metadata }: ParticipantInfo,
  wanted: WantedMedia,
): boolean {
  const right = permissionOf(wanted);
  if (!permission || permission.canPublish !== right.canPublish) return false;
  if (permission.canPublishData !== right.canPublishData || permission.hidden !== right.hidden) return false;
  if (permission.canUpdateMetadata || permission.canSubscribe !== right.canSubscribe) return false;
  if (permission.canPublishSources.toSorted().join() !== right.canPublishSources.toSorted().join())
    return false;
  if (metadata !== wanted.metadata || name !== wanted.name.slice(0, 256)) return false;
  return tracks.every((track) => {
    const kind = kindOf(track);
    return kind !== undefined && wanted.kinds.has(kind) && (track.muted || !wanted.muted.has(kind));
  });
}
