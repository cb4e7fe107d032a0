import type { Transport } from '../transport/transport.ts';

export type Kind = 'audio' | 'video';
export type Codec = 'opus' | 'vp8' | 'h264';

/** Ids of RTP header extensions (RFC 8285) in one section. */
export interface ExtensionIds {
  readonly mid?: number;
  readonly rid?: number;
  /** Only ever repeated: Chromium sends no simulcast where it is missing, and we take no retransmission streams. */
  readonly repairedRid?: number;
  readonly audioLevel?: number;
  readonly absSendTime?: number;
}

/** A section (m-line) in which a client sends a track, as the answer to it settled it. */
export interface ReceivedSection {
  readonly trackSid: string;
  readonly mid: string;
  readonly kind: Kind;
  readonly codec: Codec;
  readonly payloadType: number;
  /** Simulcast ids, the lowest quality first (`q`, `h`, `f`); empty without simulcast. */
  readonly rids: readonly string[];
  /** Sources that the description names; where there are rids they say nothing. */
  readonly ssrcs: readonly number[];
  readonly extensions: ExtensionIds;
}

/** A section in which a client receives somebody else's track. */
export interface SentSection {
  readonly trackSid: string;
  readonly mid: string;
  readonly payloadType: number;
  /** Ours, as written into the description. */
  readonly ssrc: number;
  readonly extensions: ExtensionIds;
}

/** What a subscriber wants of a track (`trackSetting`). */
export interface Wish {
  /** True: nothing is sent until it is false again. */
  readonly disabled: boolean;
  /** 0 low, 1 medium, 2 high. */
  readonly quality: 0 | 1 | 2;
}

/** What is counted of a track on its way in, and of one on its way out to one subscriber. */
export interface PacketCounts {
  readonly packets: number;
  readonly bytes: number;
  /** When the last packet came or went, by `MediaClock.now`; 0 before the first. */
  readonly lastAt: number;
}

/**
 * The media of one participant: packets of the tracks that they publish, and of those that they are sent. All checks
 * stand in the same thread as the sending: after a method has returned, no packet that it forbids is sent.
 */
export interface MediaPeer {
  /** The connection on which the client sends, and, with one peer connection, receives. */
  attachPublisher(transport: Transport): void;
  /** The connection on which a client with two connections receives. */
  attachSubscriber(transport: Transport): void;
  /** To be called by the owner of the transport with what it reports; before anything is bound it is dropped. */
  onRtp(packet: Buffer): void;
  onRtcp(packet: Buffer): void;

  /** Packets of this section belong to this track from now on. A second call for a track replaces the first. */
  receive(section: ReceivedSection): void;
  /** The track is gone: nothing of it is forwarded, subscribers' sections of it are free. */
  stopReceiving(trackSid: string): void;
  /** Muted: what comes in is counted and dropped. Unmuted: a key frame is asked for, forwarding goes on at it. */
  setMuted(trackSid: string, muted: boolean): void;
  /** The track's received packets, muted or not. Undefined where it is not received. */
  received(trackSid: string): PacketCounts | undefined;

  /** Forwards a track of `from` in this section. A second call for a track replaces the section. */
  send(section: SentSection, from: MediaPeer): void;
  stopSending(trackSid: string): void;
  /** Default: not disabled, quality 2. */
  setWish(trackSid: string, wish: Wish): void;
  sent(trackSid: string): PacketCounts | undefined;

  /** Packets that came and could not be read, or belong to nothing that is received. */
  dropped(): number;
  /** The loudest level since the last call in dBov, 0 (loudest) to 127 (silence); undefined where nothing was heard. */
  takeAudioLevel(): number | undefined;
  /** Loss of what this participant receives, 0 to 1, from their receiver reports of the last 10 s. */
  lossSeen(): number;
  close(): void;
}

/** What a peer asks of its owner. */
export interface MediaPeerHandlers {
  /** More came in than one participant may send: the owner closes the participant's transports. Once; what comes later is dropped. */
  onFlood(): void;
}

/** Time for media; in a test one that the test moves. */
export interface MediaClock {
  /** Milliseconds since any point, never going back: `performance.now()`. */
  now(): number;
  /** Calls `task` again and again, `ms` milliseconds apart, until the function that it gives is called. */
  every(ms: number, task: () => void): () => void;
}

export interface MediaOptions {
  /** Most bytes (RTP and RTCP) of one participant a second, averaged over 2 s. Default 2,500,000 (20 Mbit/s). */
  readonly ingressBytesPerSecond: number;
  /** Most packets (RTP and RTCP) of one participant a second, averaged over 2 s. Default 5,000. */
  readonly ingressPacketsPerSecond: number;
  /** What a publisher is told that we take, in bits a second (REMB), before loss lowers it. Default 3,000,000. */
  readonly publisherBitsPerSecond: number;
}
