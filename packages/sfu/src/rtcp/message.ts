/** What a receiver reports of one source (RFC 3550, section 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** Lost of what was expected since the last report, in 256ths; 0 to 255. */
  readonly fractionLost: number;
  /** Lost since the beginning; 24 bits, signed. */
  readonly lost: number;
  /** The highest sequence number over its wraps; 32 bits. */
  readonly highest: number;
  /** Variation of the spacing in units of the codec's clock. */
  readonly jitter: number;
  /** The middle 32 bits of the last sender report's time, and the delay since it in 65,536ths of a second; 0: none came. */
  readonly lastReport: number;
  readonly sinceLastReport: number;
}

export interface SenderReport {
  readonly type: 'sender-report';
  readonly ssrc: number;
  /** The sender's time: seconds, and their fraction in 32 bits. */
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  /** The same time by the clock of the stream. */
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly bytes: number;
  readonly blocks: readonly ReportBlock[];
}

export interface ReceiverReport {
  readonly type: 'receiver-report';
  readonly ssrc: number;
  readonly blocks: readonly ReportBlock[];
}

/** Packets of `ssrc` that are asked for again (RFC 4585, section 6.2.1). */
export interface Nack {
  readonly type: 'nack';
  readonly ssrc: number;
  readonly sequences: readonly number[];
}

/** A key frame of `ssrc` is asked for: by PLI (RFC 4585) or FIR (RFC 5104). */
export interface KeyFrameRequest {
  readonly type: 'key-frame-request';
  readonly ssrc: number;
}

/** What a receiver holds possible, over all sources of the connection (draft-alvestrand-rmcat-remb). */
export interface Remb {
  readonly type: 'remb';
  readonly bitsPerSecond: number;
}

/** The packets that matter here; others are passed over. */
export type RtcpMessage = SenderReport | ReceiverReport | Nack | KeyFrameRequest | Remb;

/** Packet types (RFC 3550, RFC 4585). */
export const PACKET_TYPE = {
  senderReport: 200,
  receiverReport: 201,
  transportFeedback: 205,
  payloadFeedback: 206,
};

/** Formats of feedback. */
export const FORMAT = { nack: 1, pli: 1, fir: 4, applicationLayer: 15 };

/** `REMB`, the name of the application layer's feedback. */
export const REMB_NAME = 0x52454d42;
