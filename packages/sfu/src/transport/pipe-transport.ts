import { PeerConnection, type Track, Video } from 'node-datachannel';
import { DataChannels } from './data-channels.ts';
import { checkRemote, checkSame, pipeDescription, readLocal, withAdvertised } from './pipe-description.ts';
import { candidatesHere, isOwnLoopback } from './same-machine.ts';
import type {
  DataLabel,
  LocalParameters,
  RemoteParameters,
  Transport,
  TransportHandlers,
} from './transport.ts';

/** Where transports listen. */
export interface ListenOptions {
  /** The one UDP port of all of them; 0: a free one for each. */
  readonly port: number;
  /** The address of the interface; undefined: all of them but the loopback. */
  readonly bindAddress: string | undefined;
  /** An address under which clients reach us that no interface has; undefined: none. */
  readonly advertisedAddress: string | undefined;
  /** Milliseconds from the first description to the open connection, before it is given up. */
  readonly openWithinMs: number;
}

/** Candidates are of the machine's own addresses, and there at once. In milliseconds. */
const GATHER_WITHIN = 5_000;

/**
 * Most packets of one client in one turn of the event loop. So many wait only where this process is behind, by a twentieth
 * of a second even for who sends as much as they may; the library's queue has no end, and would grow from there.
 */
export const MAX_IN_TURN = 256;

/** Most candidates of a client that are tried. */
const MOST_HEARD = 16;

/** Payload types of RTCP where both share a port (RFC 5761, section 4). */
const isRtcp = (packet: Buffer): boolean => {
  const type = packet.readUInt8(1) & 0x7f;
  return type >= 64 && type <= 95;
};

/** One connection of libdatachannel, used as a pipe; see `pipeDescription` for how. */
export class PipeTransport implements Transport {
  readonly #options: ListenOptions;
  readonly #handlers: TransportHandlers;
  readonly #onGone: (transport: PipeTransport) => void;
  readonly #connection: PeerConnection;
  readonly #channels: DataChannels;
  /** Kept: the library closes a track that nobody names any more. */
  #track: Track | undefined;
  #remote: RemoteParameters | undefined;
  #local: Promise<LocalParameters> | undefined;
  #type: 'offer' | 'answer' | undefined;
  #giveUp: NodeJS.Timeout | undefined;
  /** Candidates of the client; those that come before its description wait for it. */
  readonly #heard: string[] = [];
  #inTurn = 0;
  readonly #endTurn = (): void => {
    this.#inTurn = 0;
  };
  #isOpen = false;
  #isClosed = false;

  constructor(
    options: ListenOptions,
    handlers: TransportHandlers,
    onGone: (transport: PipeTransport) => void,
  ) {
    this.#options = options;
    this.#handlers = handlers;
    this.#onGone = onGone;
    this.#channels = new DataChannels((label, message) => {
      if (!this.#isClosed) handlers.onData(label, message);
    });
    this.#connection = new PeerConnection('client', {
      iceServers: [],
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      ...(options.bindAddress === undefined ? {} : { bindAddress: options.bindAddress }),
      ...(options.port === 0
        ? {}
        : { enableIceUdpMux: true, portRangeBegin: options.port, portRangeEnd: options.port }),
    });
    this.#connection.onTrack((track) => this.#listen(track));
    this.#connection.onDataChannel((channel) => this.#channels.take(channel));
    this.#connection.onStateChange((state) => {
      if (state === 'closed' || state === 'failed' || state === 'disconnected') this.close();
    });
  }

  #listen(track: Track): void {
    this.#track = track;
    track.onOpen(() => {
      if (this.#isClosed || this.#isOpen) return;
      this.#isOpen = true;
      clearTimeout(this.#giveUp);
      this.#handlers.onOpen();
    });
    track.onMessage((packet) => {
      if (this.#isClosed || packet.length < 2 || !this.#isInTime()) return;
      if (isRtcp(packet)) this.#handlers.onRtcp(packet);
      else this.#handlers.onRtp(packet);
    });
  }

  /** False for packets that waited too long to be worth what sending them on takes. */
  #isInTime(): boolean {
    if (this.#inTurn === 0) setImmediate(this.#endTurn);
    return ++this.#inTurn <= MAX_IN_TURN;
  }

  async accept(remote: RemoteParameters): Promise<LocalParameters> {
    checkRemote(remote);
    this.#mustBe('answer');
    const before = this.#remote;
    if (before && this.#local !== undefined) {
      checkSame(before, remote);
      // The library knows no restart of ICE. Its parameters stay good: clients keep their connection, or find it again.
      return this.#local;
    }
    this.#learn(remote, 'offer');
    this.#local = this.#gather('answer');
    return this.#local;
  }

  async offer(): Promise<LocalParameters> {
    this.#mustBe('offer');
    if (this.#local === undefined) {
      const section = new Video('0', 'SendRecv');
      section.addVP8Codec(96);
      this.#listen(this.#connection.addTrack(section));
      this.#channels.open(this.#connection);
      this.#local = this.#gather('offer');
    }
    return this.#local;
  }

  answered(remote: RemoteParameters): void {
    checkRemote(remote);
    if (this.#isClosed || this.#connection.signalingState() !== 'have-local-offer') return;
    this.#learn({ ...remote, hasData: true }, 'answer');
  }

  /** The client's first description; what was heard of it before waits for this. */
  #learn(remote: RemoteParameters, type: 'offer' | 'answer'): void {
    this.#connection.setRemoteDescription(pipeDescription(remote), type);
    this.#remote = remote;
    for (const candidate of this.#heard) this.#knockAt(candidate);
  }

  hear(candidate: string): void {
    if (this.#isClosed || !isOwnLoopback(this.#options.bindAddress)) return;
    const here = candidatesHere(candidate).slice(0, MOST_HEARD - this.#heard.length);
    this.#heard.push(...here);
    if (this.#remote) for (const each of here) this.#knockAt(each);
  }

  #knockAt(candidate: string): void {
    try {
      this.#connection.addRemoteCandidate(candidate, '0');
    } catch {
      // Closed by the library's own thread.
    }
  }

  /** Each transport offers or answers, from its first description to its last. */
  #mustBe(type: 'offer' | 'answer'): void {
    if (this.#isClosed) throw new Error('the transport is closed');
    if (this.#type !== undefined && this.#type !== type)
      throw new Error(`the transport began with an ${this.#type}`);
  }

  /** Describes ourselves, and waits for all candidates. */
  #gather(type: 'offer' | 'answer'): Promise<LocalParameters> {
    this.#type = type;
    this.#giveUp = setTimeout(() => this.close(), this.#options.openWithinMs).unref();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no address to listen on was found')), GATHER_WITHIN);
      const look = (): void => {
        if (this.#isClosed) reject(new Error('the transport was closed'));
        else if (this.#connection.gatheringState() === 'complete') resolve(this.#readLocal());
        else return;
        clearTimeout(late);
      };
      this.#connection.onGatheringStateChange(look);
      // In any other state the library ends the process.
      if (this.#connection.signalingState() === (type === 'answer' ? 'have-remote-offer' : 'stable'))
        this.#connection.setLocalDescription(type);
      look();
    });
  }

  #readLocal(): LocalParameters {
    const local = readLocal(this.#connection.localDescription()?.sdp);
    return { ...local, candidates: withAdvertised(local.candidates, this.#options.advertisedAddress) };
  }

  sendRtp(packet: Buffer): boolean {
    if (!this.#isOpen || this.#isClosed) return false;
    try {
      return this.#track?.sendMessageBinary(packet) ?? false;
    } catch {
      // Closed by the library's own thread; the report of it is on its way.
      return false;
    }
  }

  sendRtcp(packet: Buffer): boolean {
    return this.sendRtp(packet);
  }

  sendData(label: DataLabel, message: Uint8Array): boolean {
    return !this.#isClosed && this.#channels.send(label, message);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#giveUp);
    try {
      this.#connection.close();
    } catch {
      // Closed by the library's own thread.
    }
    this.#onGone(this);
    this.#handlers.onClosed();
  }
}
