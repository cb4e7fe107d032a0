import type { PeerConnection, Track } from 'node-datachannel';
import { isOurs } from './rtp.ts';

/** What arrived of one track of somebody else. */
export interface Received {
  packets: number;
  /** When the last packet came, by `performance.now()`. */
  lastAt: number;
}

/** Counts what arrives of raw clients' packets, by the track's sid at the media server. */
export class Ear {
  readonly #tracks = new Map<string, Received>();
  /** The library's objects end with the last that names them. */
  readonly #kept: Track[] = [];
  /** Which track each m-line carries, by the last offer. */
  #sids = new Map<string, string>();

  /** The media server's offer names its tracks: `a=msid:<stream> <track sid>` under each m-line. */
  offered(sdp: string): void {
    this.#sids = new Map(
      sdp
        .split(/^m=/m)
        .slice(1)
        .map((section) => [
          /^a=mid:(\S+)/m.exec(section)?.[1] ?? '',
          /^a=msid:\S+ (\S+)/m.exec(section)?.[1] ?? '',
        ]),
    );
  }

  listenTo(connection: PeerConnection): void {
    connection.onTrack((track) => {
      const mid = track.mid();
      this.#kept.push(track);
      track.onMessage((packet) => {
        if (isOurs(packet)) this.#heard(this.#sids.get(mid) ?? '');
      });
    });
  }

  #heard(sid: string): void {
    const known = this.#tracks.get(sid) ?? { packets: 0, lastAt: 0 };
    known.packets++;
    known.lastAt = performance.now();
    this.#tracks.set(sid, known);
  }

  /** Of one track, or of all together. */
  heard(sid?: string): Received {
    const all = [...this.#tracks].filter(([one]) => sid === undefined || one === sid).map(([, seen]) => seen);
    return {
      packets: all.reduce((sum, { packets }) => sum + packets, 0),
      lastAt: Math.max(0, ...all.map(({ lastAt }) => lastAt)),
    };
  }
}
