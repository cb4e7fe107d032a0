import type { ReportBlock, SenderReport } from '../rtcp/message.ts';
import type { RtpHeader } from '../rtp/header.ts';

/** What was expected of a stream, and what came in its place at first. */
export interface Arrivals {
  readonly expected: number;
  readonly inOrder: number;
}

/** What a receiver report says of one stream (RFC 3550, sections 6.4.1 and A.8). */
export class Reception {
  readonly #ssrc: number;
  readonly #clockRate: number;
  #first = 0;
  #highest: number | undefined;
  #received = 0;
  /** Packets that came later than one with a higher number are not among them: mended losses stay losses. */
  #inOrder = 0;
  #transit = 0;
  #jitter = 0;
  #lastReport: { readonly middle: number; readonly at: number } | undefined;
  /** Where the last report, and the last reading of arrivals, ended. */
  #reported = { expected: 0, received: 0 };
  #read = { expected: 0, inOrder: 0 };

  constructor(ssrc: number, clockRate: number) {
    this.#ssrc = ssrc;
    this.#clockRate = clockRate;
  }

  /** The highest number so far; undefined before the first packet. */
  get highest(): number | undefined {
    return this.#highest;
  }

  /** Counts a packet that came for the first time. */
  count(number: number, header: RtpHeader, now: number): void {
    this.#received++;
    const transit = Math.trunc((now * this.#clockRate) / 1_000) - header.timestamp;
    if (this.#highest === undefined) {
      this.#first = number;
      this.#transit = transit;
    }
    if (this.#highest === undefined || number > this.#highest) {
      this.#highest = number;
      this.#inOrder++;
    }
    // Both clocks wrap at 32 bits.
    const change = Math.abs((transit - this.#transit) | 0);
    this.#transit = transit;
    this.#jitter += (change - this.#jitter) / 16;
  }

  heard(report: SenderReport, now: number): void {
    const middle = (((report.ntpSeconds & 0xffff) << 16) | (report.ntpFraction >>> 16)) >>> 0;
    this.#lastReport = { middle, at: now };
  }

  /** Undefined before the first packet. */
  report(now: number): ReportBlock | undefined {
    if (this.#highest === undefined) return undefined;
    const expected = this.#expected(this.#highest);
    const lost = Math.max(0, expected - this.#received);
    const lately = expected - this.#reported.expected;
    const lostLately = Math.max(0, lately - (this.#received - this.#reported.received));
    this.#reported = { expected, received: this.#received };
    return {
      ssrc: this.#ssrc,
      fractionLost: lately === 0 ? 0 : Math.min(255, Math.floor((lostLately * 256) / lately)),
      lost: Math.min(lost, 0x7fffff),
      highest: this.#highest >>> 0,
      jitter: Math.floor(this.#jitter) >>> 0,
      lastReport: this.#lastReport?.middle ?? 0,
      sinceLastReport: this.#lastReport ? Math.floor((now - this.#lastReport.at) * 65.536) >>> 0 : 0,
    };
  }

  /** Since the last call. */
  takeArrivals(): Arrivals {
    if (this.#highest === undefined) return { expected: 0, inOrder: 0 };
    const expected = this.#expected(this.#highest);
    const arrivals = {
      expected: expected - this.#read.expected,
      inOrder: this.#inOrder - this.#read.inOrder,
    };
    this.#read = { expected, inOrder: this.#inOrder };
    return arrivals;
  }

  #expected(highest: number): number {
    return highest - this.#first + 1;
  }
}
