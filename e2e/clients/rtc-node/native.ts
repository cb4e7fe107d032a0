import type { Track } from '@livekit/rtc-node';

/**
 * What LiveKit's native library can and rtc-node 1.1.0 has no method for: muting one's own track, and the statistics
 * of one track. rtc-node keeps the library's connection in this global.
 */
function library() {
  const instance = globalThis._ffiClientInstance;
  if (!instance) throw new Error('the native library is not loaded');
  return instance;
}

/** Mutes or unmutes a track of our own and tells the server. */
export function setMuted(track: Track, mute: boolean): void {
  library().request({
    message: { case: 'localTrackMute', value: { trackHandle: track.ffi_handle.handle, mute } },
  });
}

/** A stream of a track, by its SSRC. */
export interface TrackStream {
  ssrc: number;
  packets: number;
  /** Decoded; 0 where it is sent. */
  frames: number;
}

interface StatsEvent {
  error?: string;
  stats: { stats: { case: string | undefined; value?: unknown } }[];
}
interface Stream {
  stream?: { ssrc?: number };
  received?: { packetsReceived?: bigint };
  inbound?: { framesDecoded?: number };
  sent?: { packetsSent?: bigint };
}

/** The RTP streams of a track now; none once it is gone. */
export async function streamsOf(track: Track): Promise<TrackStream[]> {
  const { asyncId } = library().request<{ asyncId?: bigint }>({
    message: { case: 'getStats', value: { trackHandle: track.ffi_handle.handle } },
  });
  const { error, stats } = await library().waitFor<StatsEvent>(
    ({ message }) => message.case === 'getStats' && message.value.asyncId === asyncId,
  );
  if (error) return [];
  return stats.flatMap(({ stats: { case: type, value } }) => {
    if (type !== 'inboundRtp' && type !== 'outboundRtp') return [];
    const { stream, received, inbound, sent } = value as Stream;
    const packets = type === 'inboundRtp' ? received?.packetsReceived : sent?.packetsSent;
    return [{ ssrc: stream?.ssrc ?? 0, packets: Number(packets ?? 0n), frames: inbound?.framesDecoded ?? 0 }];
  });
}
