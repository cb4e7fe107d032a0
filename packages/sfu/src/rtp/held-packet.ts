import { FIXED_BYTES, type RtpHeader } from './header.ts';
import type { Vp8Place } from './vp8.ts';
import { writePictureId } from './vp8.ts';

/** The extension block with the time of sending alone: 4 bytes of block header, 1 of element header, 3 of time. */
const TIME_BLOCK_BYTES = 8;
const HEADROOM = FIXED_BYTES + TIME_BLOCK_BYTES;

/**
 * A packet as it is held for everybody whom it is sent to: the payload once, with room before it for a header, which is
 * written anew for each of them. Its other fields are the publisher's.
 */
export interface HeldPacket {
  /** The sequence number over its wraps. */
  readonly number: number;
  readonly timestamp: number;
  /** 0x80 where the marker is set. */
  readonly markerBit: number;
  /** 0x20 where padding ends the payload. */
  readonly paddingBit: number;
  readonly isKeyStart: boolean;
  /** As in `Vp8Place`; -1 for other codecs. */
  readonly pictureIdAt: number;
  readonly isWide: boolean;
  readonly pictureId: number;
  readonly baseIndexAt: number;
  readonly baseIndex: number;
  /** Header, extension block with the time of sending, payload. */
  readonly timed: Buffer;
  /** The same bytes from where a header without extensions begins. */
  readonly plain: Buffer;
}

/** Copies a packet without its sources and extensions. */
export function holdPacket(
  packet: Buffer,
  header: RtpHeader,
  number: number,
  place: Vp8Place | undefined,
  isKeyStart: boolean,
): HeldPacket {
  const timed = Buffer.allocUnsafe(HEADROOM + packet.length - header.payloadStart);
  packet.copy(timed, HEADROOM, header.payloadStart);
  return {
    number,
    timestamp: header.timestamp,
    markerBit: header.marker ? 0x80 : 0,
    paddingBit: header.payloadEnd === packet.length ? 0 : 0x20,
    isKeyStart,
    pictureIdAt: place?.pictureIdAt ?? -1,
    isWide: place?.isWide ?? false,
    pictureId: place?.pictureId ?? 0,
    baseIndexAt: place?.baseIndexAt ?? -1,
    baseIndex: place?.baseIndex ?? 0,
    timed,
    plain: timed.subarray(TIME_BLOCK_BYTES),
  };
}

/** How a stretch of one stream is renumbered for one receiver, so that theirs has no seam. */
export interface Offsets {
  readonly sequence: number;
  readonly timestamp: number;
  readonly pictureId: number;
  readonly baseIndex: number;
}

/** Where packets go: constant for one section of one receiver. */
export interface Address {
  readonly ssrc: number;
  readonly payloadType: number;
  /** The id of the extension with the time of sending; undefined: packets have no extensions. */
  readonly absSendTime: number | undefined;
}

/**
 * Writes the header for one receiver and gives the whole packet: the held bytes themselves, good until the next call for
 * the same packet. `nowMs` goes into the time of sending.
 */
export function writeFor(held: HeldPacket, to: Address, by: Offsets, nowMs: number): Buffer {
  const packet = to.absSendTime === undefined ? held.plain : held.timed;
  packet[0] = 0x80 | held.paddingBit | (to.absSendTime === undefined ? 0 : 0x10);
  packet[1] = held.markerBit | to.payloadType;
  packet.writeUInt16BE((held.number + by.sequence) & 0xffff, 2);
  packet.writeUInt32BE((held.timestamp + by.timestamp) >>> 0, 4);
  packet.writeUInt32BE(to.ssrc, 8);
  let payload = FIXED_BYTES;
  if (to.absSendTime !== undefined) {
    writeTime(packet, to.absSendTime, nowMs);
    payload = HEADROOM;
  }
  if (held.pictureIdAt >= 0)
    writePictureId(packet, payload + held.pictureIdAt, held.isWide, held.pictureId + by.pictureId);
  if (held.baseIndexAt >= 0) packet[payload + held.baseIndexAt] = (held.baseIndex + by.baseIndex) & 0xff;
  return packet;
}

/** Seconds in 24 bits, 18 of them behind the point (http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time). */
function writeTime(packet: Buffer, id: number, nowMs: number): void {
  packet.writeUInt32BE(0xbede0001, FIXED_BYTES);
  const time = Math.floor((nowMs % 64_000) * 262.144) & 0xffffff;
  packet.writeUInt8((id << 4) | 2, FIXED_BYTES + 4);
  packet.writeUIntBE(time, FIXED_BYTES + 5, 3);
}
