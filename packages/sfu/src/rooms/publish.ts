import {
  type AddTrackRequest,
  BackupCodecPolicy,
  Encryption_Type,
  MuteTrackRequest,
  type ParticipantPermission,
  RequestResponse_Reason,
  SimulcastCodecInfo,
  TimedVersion,
  TrackInfo,
  type TrackSource,
  TrackType,
  TrackUnpublishedResponse,
} from '@livekit/protocol';
import type { Codec } from '../media/media-peer.ts';
import { newSid, type Participant, type Track } from './state.ts';
import { decideForAll, forgetTrack } from './subscribe.ts';
import { tell, tellOfChange } from './tell.ts';

/** Why a request of a client is not carried out, in LiveKit's words and in ours. */
export interface Refused {
  readonly reason: RequestResponse_Reason;
  readonly message: string;
}

/** Where to go with what we do not do. */
export const beyondUs = (what: string): Refused => ({
  reason: RequestResponse_Reason.UNSUPPORTED_TYPE,
  message: `the embedded media server has no ${what}; run LiveKit as the media server for it`,
});

/** Whether the permission covers a source. An empty list of sources means all of them, as at LiveKit. */
export const mayPublish = (
  { canPublish, canPublishSources }: ParticipantPermission,
  source: TrackSource,
): boolean => canPublish && (canPublishSources.length === 0 || canPublishSources.includes(source));

/** Takes a declaration: the track, or why not. It is published once an offer brings it (`publishTrack`). */
export function declareTrack(owner: Participant, request: AddTrackRequest): Track | Refused {
  const refused = refusalOf(owner, request);
  if (refused) return refused;
  const { cid, name, type, muted, width, height, source, stereo, disableDtx, disableRed, stream } = request;
  const codecs = request.simulcastCodecs.slice(0, 1);
  const track: Track = {
    sid: newSid('TR'),
    kind: type === TrackType.AUDIO ? 'audio' : 'video',
    cid,
    declared: request,
    owner,
    info: new TrackInfo({
      ...{ name, type, muted, width, height, source, stereo, disableDtx, disableRed, stream },
      layers: request.layers.slice(0, 3),
      audioFeatures: request.audioFeatures.slice(0, 16),
      backupCodecPolicy: BackupCodecPolicy.PREFER_REGRESSION,
      codecs: [new SimulcastCodecInfo({ cid, layers: codecs[0]?.layers.slice(0, 3) ?? [] })],
    }),
    codec: undefined,
    isSubscribed: false,
  };
  track.info.sid = track.sid;
  owner.tracks.set(track.sid, track);
  return track;
}

function refusalOf({ permission, tracks, room }: Participant, request: AddTrackRequest): Refused | undefined {
  const { cid, name, stream, type, source, sid, encryption } = request;
  if (type === TrackType.DATA) return beyondUs('tracks of data');
  if (encryption !== Encryption_Type.NONE) return beyondUs('end-to-end encryption');
  if (sid !== '') return beyondUs('second codec of a track');
  if (!mayPublish(permission, source)) {
    return {
      reason: RequestResponse_Reason.NOT_ALLOWED,
      message: 'the participant may not publish this source',
    };
  }
  if (cid === '' || [cid, name, stream].some(({ length }) => length > room.limits.name)) {
    return {
      reason: RequestResponse_Reason.INVALID_REQUEST,
      message: `cid, name and stream have 1 to ${room.limits.name} characters`,
    };
  }
  if ([...tracks.values()].some((track) => track.cid === cid)) {
    return { reason: RequestResponse_Reason.DUPLICATE_NAME, message: `the track ${cid} is there already` };
  }
  if (tracks.size < room.limits.tracks) return undefined;
  return {
    reason: RequestResponse_Reason.LIMIT_EXCEEDED,
    message: `more than ${room.limits.tracks} tracks of one participant; LiveKit takes more`,
  };
}

const MIME: Record<Codec, string> = { opus: 'audio/opus', vp8: 'video/VP8', h264: 'video/H264' };

/** How an offer brought a track. */
export interface Brought {
  readonly mid: string;
  readonly codec: Codec;
  readonly isSimulcast: boolean;
  readonly nowMs: number;
}

/** An offer brought the track: everybody is told, and whoever shall have it gets it. Once for each track. */
export function publishTrack(track: Track, { mid, codec, isSimulcast, nowMs }: Brought): void {
  const { owner, info } = track;
  track.codec = codec;
  info.mid = mid;
  info.mimeType = MIME[codec];
  info.simulcast = isSimulcast;
  info.version = new TimedVersion({ unixMicro: BigInt(nowMs) * 1000n });
  for (const each of info.codecs) Object.assign(each, { mid, mimeType: info.mimeType });
  tellOfChange(owner);
  owner.room.report('track_published', { room: owner.room, participant: owner, track });
  decideForAll(track);
}

/** Takes a track away: nothing of it is forwarded from this tick on. Its client is told unless it asked for it. */
export function unpublishTrack(track: Track, isOwnWish: boolean): void {
  const { owner, sid } = track;
  if (!owner.tracks.delete(sid)) return;
  const wasPublished = track.codec !== undefined;
  owner.media.stopReceiving(sid);
  forgetTrack(owner.room, track);
  if (!isOwnWish) {
    tell(owner, { case: 'trackUnpublished', value: new TrackUnpublishedResponse({ trackSid: sid }) });
  }
  if (!wasPublished) return;
  tellOfChange(owner);
  owner.room.report('track_unpublished', { room: owner.room, participant: owner, track });
}

/** Mutes or unmutes; everybody is told, the client itself by `mute` where somebody else did it. */
export function muteTrack(track: Track, muted: boolean, isOwnWish: boolean): void {
  const { owner, sid, info } = track;
  // Before it is received, `receive` brings it.
  if (track.codec !== undefined) owner.media.setMuted(sid, muted);
  const isChanged = info.muted !== muted;
  info.muted = muted;
  if (!isOwnWish) tell(owner, { case: 'mute', value: new MuteTrackRequest({ sid, muted }) });
  if (isChanged && track.codec !== undefined) tellOfChange(owner);
}
