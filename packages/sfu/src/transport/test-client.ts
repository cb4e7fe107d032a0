import { type DataChannel, PeerConnection, type Track, Video } from 'node-datachannel';
import { pipeDescription, readLocal } from './pipe-description.ts';
import type { LocalParameters, RemoteParameters } from './transport.ts';

/** A client of libdatachannel's that connects to a transport; it knows the transport's candidates, and tells none of its own. */
export class TestClient {
  readonly connection = new PeerConnection('test', {
    ...{ iceServers: [], bindAddress: '127.0.0.1', disableAutoNegotiation: true, forceMediaTransport: true },
  });
  readonly rtp: Buffer[] = [];
  readonly rtcp: Buffer[] = [];
  readonly data: { label: string; text: string }[] = [];
  readonly channels = new Map<string, DataChannel>();
  track: Track | undefined;
  onRtp: ((packet: Buffer) => void) | undefined;
  state = 'new';

  constructor() {
    this.connection.onStateChange((state) => {
      this.state = state;
    });
    this.connection.onTrack((track) => this.#listen(track));
    this.connection.onDataChannel((channel) => this.#take(channel));
  }

  #listen(track: Track): void {
    this.track = track;
    track.onMessage((packet) => {
      const type = (packet[1] ?? 0) & 0x7f;
      if (type >= 64 && type <= 95) this.rtcp.push(packet);
      else if (this.onRtp) this.onRtp(packet);
      else this.rtp.push(packet);
    });
  }

  #take(channel: DataChannel): void {
    this.channels.set(channel.getLabel(), channel);
    channel.onMessage((message) => {
      this.data.push({ label: channel.getLabel(), text: Buffer.from(message as Buffer).toString() });
    });
  }

  addMedia(): void {
    const section = new Video('0', 'SendRecv');
    section.addVP8Codec(96);
    this.#listen(this.connection.addTrack(section));
  }

  addData(label: string): void {
    this.#take(this.connection.createDataChannel(label));
  }

  /** Our parameters, without candidates. */
  offer(): RemoteParameters {
    this.connection.setLocalDescription('offer');
    return { ...readLocal(this.connection.localDescription()?.sdp), hasData: this.channels.size > 0 };
  }

  answered(local: LocalParameters): void {
    this.connection.setRemoteDescription(this.#describe(local, this.channels.size > 0), 'answer');
  }

  /** Answers an offer of a transport's. */
  answer(local: LocalParameters): RemoteParameters {
    this.connection.setRemoteDescription(this.#describe(local, true), 'offer');
    this.connection.setLocalDescription('answer');
    return { ...readLocal(this.connection.localDescription()?.sdp), hasData: true };
  }

  #describe(local: LocalParameters, hasData: boolean): string {
    const candidates = local.candidates.map((line) => `a=${line}\r\n`).join('');
    return pipeDescription({ ...local, hasData }).replace('a=rtcp-mux\r\n', `a=rtcp-mux\r\n${candidates}`);
  }

  send(packet: Buffer): boolean {
    try {
      return (this.track?.isOpen() && this.track.sendMessageBinary(packet)) || false;
    } catch {
      // Closed by the library's own thread since it was asked.
      return false;
    }
  }

  close(): void {
    this.connection.close();
  }
}
