import {
  AddTrackRequest,
  MuteTrackRequest,
  SessionDescription,
  SignalRequest,
  type SignalResponse,
  SignalTarget,
  type TrackSource,
  TrackType,
  TrickleRequest,
} from '@livekit/protocol';
import { type DataChannel, type DescriptionType, PeerConnection } from 'node-datachannel';
import type { SignalSocket } from '../media/signal.ts';
import { Ear } from './receiving.ts';
import { type Offered, type Sending, sendOn } from './sending.ts';

/** A declaration, and what is offered under it. */
export interface Publication extends Offered {
  source: TrackSource;
  /** What the declaration says (default: the kind that is offered). */
  declaredAs?: 'audio' | 'video';
  muted?: boolean;
  /** False: offered without a declaration. (Default: true) */
  isDeclared?: boolean;
}

/**
 * A client by hand: signalling as bytes, descriptions as text, packets of our own. It does what it is told to, and stops for
 * nothing that anybody says. Its transport is libdatachannel's.
 */
export interface RawClient {
  readonly signal: SignalSocket;
  readonly ear: Ear;
  /** Its name at the media server. */
  readonly sid: string;
  send(message: SignalRequest['message']): void;
  /** Declares (unless told not to) and offers a track, and sends packets as soon as the transport is open. */
  publish(publication: Publication): Sending;
  /** Says that a track is muted or is not. */
  mute(sid: string, muted: boolean): void;
  /** The sid of the own track that was declared under this id, once the media server names it. */
  published(cid: string): Promise<string>;
  /** Opens a channel for data, reliable and in order; what is sent before it is open is lost. */
  openData(): { send(bytes: Uint8Array): void };
  /** Packets of data that came. */
  readonly data: readonly Buffer[];
  /** Turns the own offer into another before it is sent. */
  rewrite: (sdp: string) => string;
  close(): void;
}

/** Makes one of a socket that is open and on which the join has come. `name` is for messages only. */
export async function rawClient(signal: SignalSocket, name: string): Promise<RawClient> {
  const { message } = await signal.until('join');
  if (message.case !== 'join') throw new Error('no join');
  const sid = message.value.participant?.sid ?? '';
  const ear = new Ear();
  const data: Buffer[] = [];
  const sendings: Sending[] = [];
  let isClosed = false;
  const send = (what: SignalRequest['message']): void => {
    if (!isClosed) signal.send(new SignalRequest({ message: what }).toBinary());
  };
  const peers = openPeers(name, { send, ear, data, rewrite: (sdp) => client.rewrite(sdp) });
  const unlisten = signal.listen((told) => peers.told(told));
  let mids = 0;
  const client: RawClient = {
    signal,
    ear,
    data,
    sid,
    send,
    rewrite: (sdp) => sdp,
    publish(publication) {
      if (publication.isDeclared !== false) send({ case: 'addTrack', value: declaration(publication) });
      const sending = sendOn(peers.publisher(), String(mids++), publication);
      sendings.push(sending);
      peers.offer();
      return sending;
    },
    openData() {
      const channel = peers.publisher().createDataChannel('_reliable');
      peers.offer();
      return {
        send: (bytes) => {
          if (channel.isOpen()) channel.sendMessageBinary(bytes);
        },
      };
    },
    mute: (track, muted) => send({ case: 'mute', value: new MuteTrackRequest({ sid: track, muted }) }),
    async published(cid) {
      const told = await signal.untilOne(
        ({ message: one }) => one.case === 'trackPublished' && one.value.cid === cid,
        `trackPublished of ${cid}`,
      );
      return told.message.case === 'trackPublished' ? (told.message.value.track?.sid ?? '') : '';
    },
    close() {
      isClosed = true;
      unlisten();
      for (const sending of sendings) sending.stop();
      peers.close();
      signal.close();
    },
  };
  return client;
}

const typeOf = (kind: 'audio' | 'video'): TrackType => (kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO);

function declaration({ cid, kind, source, declaredAs = kind, muted = false }: Publication): AddTrackRequest {
  const size = declaredAs === 'video' ? { width: 16, height: 16 } : {};
  return new AddTrackRequest({ cid, name: cid, type: typeOf(declaredAs), source, muted, ...size });
}

interface Peers {
  told(message: SignalResponse): void;
  /** The connection on which the client sends; opened when it is asked for first. */
  publisher(): PeerConnection;
  /** Offers what the publisher holds now. */
  offer(): void;
  close(): void;
}

interface PeersDeps {
  send(message: SignalRequest['message']): void;
  ear: Ear;
  data: Buffer[];
  rewrite(sdp: string): string;
}

/** The two transports of the older path: the client offers on one, the media server on the other. */
function openPeers(name: string, { send, ear, data, rewrite }: PeersDeps): Peers {
  let publisher: PeerConnection | undefined;
  let subscriber: PeerConnection | undefined;
  const early = new Map<SignalTarget, TrickleRequest[]>();
  /** Kept, because the library's objects end with the last that names them. */
  const channels: DataChannel[] = [];
  /** The offers that are not answered yet: the library hands its answers over later. */
  const answering: number[] = [];

  const open = (target: SignalTarget): PeerConnection => {
    const connection = new PeerConnection(`${name}-${target}`, {
      ...{
        iceServers: [],
        bindAddress: '127.0.0.1',
        disableAutoNegotiation: true,
        forceMediaTransport: true,
      },
    });
    connection.onLocalCandidate((candidate, mid) =>
      send({
        case: 'trickle',
        value: new TrickleRequest({
          target,
          candidateInit: JSON.stringify({
            candidate: candidate.replace(/^a=/, ''),
            sdpMid: mid,
            sdpMLineIndex: 0,
          }),
        }),
      }),
    );
    connection.onLocalDescription((sdp, type) => describe(target, sdp, type));
    return connection;
  };
  const describe = (target: SignalTarget, sdp: string, type: DescriptionType): void => {
    if (target === SignalTarget.PUBLISHER)
      send({ case: 'offer', value: new SessionDescription({ type, sdp: rewrite(namedFirst(sdp)) }) });
    else
      send({
        case: 'answer',
        value: new SessionDescription({ type, sdp: receiving(sdp), id: answering.shift() ?? 0 }),
      });
  };
  const hearOffer = ({ sdp, id }: SessionDescription): void => {
    if (!subscriber) {
      subscriber = open(SignalTarget.SUBSCRIBER);
      ear.listenTo(subscriber);
      subscriber.onDataChannel((channel) => {
        channels.push(channel);
        channel.onMessage((packet) => void data.push(Buffer.from(packet as Buffer)));
      });
    }
    answering.push(id);
    ear.offered(sdp);
    subscriber.setRemoteDescription(sdp, 'offer');
    subscriber.setLocalDescription('answer');
    takeEarly(SignalTarget.SUBSCRIBER, subscriber);
  };
  const hearAnswer = ({ sdp }: SessionDescription): void => {
    publisher?.setRemoteDescription(sdp, 'answer');
    if (publisher) takeEarly(SignalTarget.PUBLISHER, publisher);
  };
  const takeEarly = (target: SignalTarget, connection: PeerConnection): void => {
    for (const candidate of early.get(target) ?? []) addCandidate(connection, candidate);
    early.delete(target);
  };
  const hearCandidate = (candidate: TrickleRequest): void => {
    const connection = candidate.target === SignalTarget.PUBLISHER ? publisher : subscriber;
    if (connection?.remoteDescription()) addCandidate(connection, candidate);
    else early.set(candidate.target, [...(early.get(candidate.target) ?? []), candidate]);
  };

  return {
    told({ message }) {
      if (message.case === 'offer') hearOffer(message.value);
      if (message.case === 'answer') hearAnswer(message.value);
      if (message.case === 'trickle') hearCandidate(message.value);
    },
    publisher() {
      publisher ??= open(SignalTarget.PUBLISHER);
      return publisher;
    },
    offer: () => publisher?.setLocalDescription('offer'),
    close() {
      publisher?.close();
      subscriber?.close();
    },
  };
}

function addCandidate(connection: PeerConnection, { candidateInit }: TrickleRequest): void {
  const { candidate, sdpMid } = JSON.parse(candidateInit) as { candidate: string; sdpMid?: string | null };
  // One that is closed meanwhile takes none any more.
  if (candidate !== '' && connection.state() !== 'closed')
    connection.addRemoteCandidate(candidate, sdpMid ?? '0');
}

/** libdatachannel names a track behind its sources; the door wants it before (rule GWM8), as browsers write it. */
const namedFirst = (sdp: string): string =>
  sdp
    .split(/^(?=m=)/m)
    .map((section) => {
      const name = /^a=msid:.*\r?\n/m.exec(section)?.[0];
      return name === undefined
        ? section
        : section.replace(name, '').replace(/^(a=mid:.*\r?\n)/m, `$1${name}`);
    })
    .join('');

/** libdatachannel answers every m-line as one in which it sends, too. */
const receiving = (sdp: string): string =>
  sdp
    .split(/^(?=m=)/m)
    .map((section) =>
      /^m=(?:audio|video) /.test(section)
        ? section.replace(/^a=(?:msid|ssrc):.*\r?\n/gm, '').replace(/^a=sendrecv/m, 'a=recvonly')
        : section,
    )
    .join('');
