import { Audio, type PeerConnection, type Track, Video } from 'node-datachannel';
import { OPUS, opusStream, type RtpStream, rtpPacket, VP8, vp8Stream } from './rtp.ts';

/** What is offered: its kind, and the id that its m-line names. */
export interface Offered {
  kind: 'audio' | 'video';
  cid: string;
  /** Between two packets, in milliseconds. (Default: 20) */
  paceMs?: number;
}

/** A stream that is sent whatever anybody says, from the moment its transport is open. */
export interface Sending {
  /** Packets that went to the transport. */
  readonly sent: number;
  stop(): void;
}

let streams = 0x10_000;

/** Adds an m-line to a connection and sends packets of its kind. */
export function sendOn(
  connection: PeerConnection,
  mid: string,
  { kind, cid, paceMs = 20 }: Offered,
): Sending {
  const ssrc = ++streams;
  const track = connection.addTrack(kind === 'audio' ? audio(mid, ssrc, cid) : video(mid, ssrc, cid));
  return pump(track, kind === 'audio' ? opusStream(ssrc) : vp8Stream(ssrc), paceMs);
}

function audio(mid: string, ssrc: number, cid: string): Audio {
  const media = new Audio(mid, 'SendOnly');
  media.addOpusCodec(OPUS);
  media.addSSRC(ssrc, 'raw', 'raw', cid);
  return media;
}

function video(mid: string, ssrc: number, cid: string): Video {
  const media = new Video(mid, 'SendOnly');
  media.addVP8Codec(VP8);
  media.addSSRC(ssrc, 'raw', 'raw', cid);
  return media;
}

function pump(track: Track, stream: RtpStream, paceMs: number): Sending {
  let sent = 0;
  const timer = setInterval(() => {
    try {
      if (track.isOpen() && track.sendMessageBinary(rtpPacket(stream, sent))) sent++;
    } catch {
      // Closed by the library's own thread since it was asked.
    }
  }, paceMs).unref();
  return {
    get sent() {
      return sent;
    },
    stop: () => clearInterval(timer),
  };
}
