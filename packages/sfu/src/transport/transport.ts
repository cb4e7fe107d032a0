/** What ICE and DTLS need to know of the other side. */
export interface RemoteParameters {
  readonly ufrag: string;
  readonly pwd: string;
  /** `sha-256 AB:CD:...`, as in `a=fingerprint`. */
  readonly fingerprint: string;
  readonly setup: 'active' | 'passive' | 'actpass';
  /** Whether the description has an m-line for data channels. */
  readonly hasData: boolean;
}

/** What the other side needs to know of us; goes into every description and, its candidates, into `trickle`. */
export interface LocalParameters extends Omit<RemoteParameters, 'hasData'> {
  /** Lines without `a=`: `candidate:1 1 UDP 2122317823 192.0.2.1 7882 typ host`. */
  readonly candidates: readonly string[];
}

/** The data channels that clients of LiveKit open. */
export type DataLabel = '_reliable' | '_lossy';

/** What a transport reports. Handlers never throw; nothing is reported after `onClosed`. */
export interface TransportHandlers {
  /** ICE and DTLS are through: media may be sent. Once. */
  onOpen(): void;
  /** The other side left, or ICE gave up, or `close` was called. Once. */
  onClosed(): void;
  /** One decrypted RTP packet. The buffer belongs to the handler. */
  onRtp(packet: Buffer): void;
  /** One decrypted compound RTCP packet. */
  onRtcp(packet: Buffer): void;
  onData(label: DataLabel, message: Uint8Array): void;
}

/** ICE, DTLS, SRTP and SCTP with one client: a pipe that knows nothing of tracks. */
export interface Transport {
  /**
   * Answers a client's offer. The same transport answers later offers, and ICE restarts, with the same parameters. Rejects
   * with a TypeError that names the field where a parameter is not what a description may hold, where the fingerprint
   * changed, or where data channels come later than with the first offer; with an Error where it is closed, or made an offer.
   */
  accept(remote: RemoteParameters): Promise<LocalParameters>;
  /** Makes an offer (the subscriber's connection of clients with two connections); `answered` follows. */
  offer(): Promise<LocalParameters>;
  /** The answer to our offer; later ones change nothing. Throws a TypeError as `accept` rejects. */
  answered(remote: RemoteParameters): void;
  /**
   * Where the client can be reached, a line `candidate:...` of its own. Used only where we are bound to the loopback, and only for
   * addresses of this machine: Firefox does not come to a loopback address by itself, but answers who comes from it. Never throws.
   */
  hear(candidate: string): void;
  /** False when it is not open, or when the packet was dropped. The bytes are the caller's again when it returns. */
  sendRtp(packet: Buffer): boolean;
  sendRtcp(packet: Buffer): boolean;
  /** False when the channel is not open, or when more than 1 MB would wait in it. */
  sendData(label: DataLabel, message: Uint8Array): boolean;
  /** In the same tick nothing more is sent or reported. */
  close(): void;
}

/** Makes transports. */
export interface Transports {
  create(handlers: TransportHandlers): Transport;
  /** Closes all of them. */
  close(): void;
}
