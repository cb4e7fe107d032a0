import type { Transport } from '../transport/transport.ts';

/** One direction of a peer: where packets to it go once its transport is there; before, and after `close`, nowhere. */
export class Outlet {
  /** Who we are in RTCP. */
  readonly ssrc: number;
  #transport: Transport | undefined;
  #rtpBytes = 0;

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  attach(transport: Transport | undefined): void {
    this.#transport = transport;
  }

  /** Bytes of RTP that went out so far. */
  get rtpBytes(): number {
    return this.#rtpBytes;
  }

  sendRtp(packet: Buffer): boolean {
    if (!this.#transport?.sendRtp(packet)) return false;
    this.#rtpBytes += packet.length;
    return true;
  }

  sendRtcp(packet: Buffer): boolean {
    return this.#transport?.sendRtcp(packet) ?? false;
  }
}
