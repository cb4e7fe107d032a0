import {
  createMediaPeer,
  createTransports,
  DEFAULT_LISTEN_OPTIONS,
  DEFAULT_MEDIA_OPTIONS,
  type LocalParameters,
  type MediaPeer,
  mediaClock,
  type RemoteParameters,
  type Transport,
} from '@callgate/sfu';
import { freeUdpPort } from '../../packages/sfu/src/transport/test-port.ts';
import { answerQuestions } from '../measure/task.ts';

export type SfuOrder =
  /** Takes one more client: the first of them publishes, the others are sent what it publishes. */
  | { kind: 'accept'; remote: RemoteParameters }
  /** `media`: as the media server does. `bare`: the same bytes to everybody, to see what the library can do. */
  | { kind: 'forward'; how: 'media' | 'bare' }
  | { kind: 'used' };

/** What was forwarded so far, and the processor time of the process with all its threads, in milliseconds. */
export interface Used {
  forwarded: number;
  processorMs: number;
}

export type SfuAnswer = LocalParameters | Used;

/** As the load generator sends it. */
export const TRACK = { trackSid: 'TR_bench', ssrc: 7, payloadType: 96 };

const transports = createTransports({
  ...DEFAULT_LISTEN_OPTIONS,
  bindAddress: '127.0.0.1',
  port: await freeUdpPort(),
});
const clock = mediaClock(() => performance.now());
const unlimited = { ...DEFAULT_MEDIA_OPTIONS, ingressBytesPerSecond: 1e12, ingressPacketsPerSecond: 1e12 };
const clients: { transport: Transport; peer: MediaPeer }[] = [];
let how: 'media' | 'bare' = 'bare';
let forwardedBare = 0;

function onRtp(packet: Buffer): void {
  if (how === 'media') {
    clients[0]?.peer.onRtp(packet);
    return;
  }
  for (let at = 1; at < clients.length; at++) if (clients[at]?.transport.sendRtp(packet)) forwardedBare++;
}

async function accept(remote: RemoteParameters): Promise<LocalParameters> {
  const isFirst = clients.length === 0;
  const peer = createMediaPeer(unlimited, { onFlood: () => undefined }, clock);
  const transport = transports.create({
    onOpen: () => undefined,
    onClosed: () => undefined,
    onRtp: isFirst ? onRtp : () => undefined,
    onRtcp: (packet) => peer.onRtcp(packet),
    onData: () => undefined,
  });
  peer.attachPublisher(transport);
  clients.push({ transport, peer });
  const { trackSid, ssrc, payloadType } = TRACK;
  const section = { trackSid, mid: '0', payloadType, extensions: {} };
  if (isFirst) peer.receive({ ...section, kind: 'video', codec: 'vp8', rids: [], ssrcs: [ssrc] });
  else if (clients[0]) peer.send({ ...section, ssrc: 100 + clients.length }, clients[0].peer);
  return transport.accept(remote);
}

function used(): Used {
  const { user, system } = process.cpuUsage();
  const sent = clients.map(({ peer }) => peer.sent(TRACK.trackSid)?.packets ?? 0);
  return {
    forwarded: forwardedBare + sent.reduce((sum, packets) => sum + packets, 0),
    processorMs: (user + system) / 1_000,
  };
}

answerQuestions(async (order: SfuOrder): Promise<SfuAnswer> => {
  if (order.kind === 'accept') return accept(order.remote);
  if (order.kind === 'forward') how = order.how;
  return used();
});
