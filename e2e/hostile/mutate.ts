import {
  AddTrackRequest,
  JoinRequest,
  MuteTrackRequest,
  SessionDescription,
  SignalRequest,
  SyncState,
  TrackSource,
  type TrackType,
  TrickleRequest,
  UpdateParticipantMetadata,
  UpdateSubscription,
  WrappedJoinRequest,
} from '@livekit/protocol';

/** Whole numbers below a bound. */
export type Random = (below: number) => number;

/** The same numbers for the same seed (a linear congruence modulo 2^32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=msid:stream voice',
  'a=sendonly',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'a=ssrc:1 cname:raw',
  'a=setup:actpass',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AA').join(':')}`,
  '',
].join('\r\n');

/** Descriptions with lines left out, doubled, moved, cut and with foreign bytes. */
function mutatedSdp(random: Random): string {
  const lines = SDP.split('\r\n');
  for (let times = random(4); times >= 0; times--) {
    const at = random(lines.length);
    const line = lines[at] ?? '';
    const changes = [
      () => lines.splice(at, 1),
      () => lines.splice(at, 0, line),
      () => lines.splice(random(lines.length), 0, line),
      () => lines.splice(at, 1, line.slice(0, random(line.length + 1))),
      () =>
        lines.splice(
          at,
          1,
          line.replace(/audio|voice|0/, ['video', '\0', '-1', 'é', 'x'.repeat(5_000)][random(5)] ?? ''),
        ),
      () => lines.splice(at, 0, `a=ssrc:${random(2 ** 31)} msid:other ${random(9)}`),
    ];
    changes[random(changes.length)]?.();
  }
  return lines.join(random(9) === 0 ? '\n' : '\r\n');
}

const SOURCES = [
  TrackSource.MICROPHONE,
  TrackSource.CAMERA,
  TrackSource.SCREEN_SHARE,
  TrackSource.UNKNOWN,
  99,
];

const sourceOf = (random: Random): TrackSource => SOURCES[random(SOURCES.length)] as TrackSource;

const MESSAGES: readonly ((random: Random) => SignalRequest['message'])[] = [
  (random) => ({
    case: 'offer',
    value: new SessionDescription({ type: random(9) === 0 ? 'rollback' : 'offer', sdp: mutatedSdp(random) }),
  }),
  (random) => ({
    case: 'answer',
    value: new SessionDescription({ type: 'answer', sdp: mutatedSdp(random) }),
  }),
  (random) => ({
    case: 'trickle',
    value: new TrickleRequest({
      candidateInit: '{"candidate":"'.padEnd(random(300), 'x'),
      target: random(3),
    }),
  }),
  (random) => ({
    case: 'addTrack',
    value: new AddTrackRequest({
      cid: `voice${random(4)}`.slice(0, random(8)),
      type: random(3) as TrackType,
      source: sourceOf(random),
      muted: random(2) === 0,
    }),
  }),
  (random) => ({
    case: 'mute',
    value: new MuteTrackRequest({ sid: `TR_${random(9)}`, muted: random(2) === 0 }),
  }),
  (random) => ({
    case: 'subscription',
    value: new UpdateSubscription({ trackSids: [`TR_${random(9)}`], subscribe: random(2) === 0 }),
  }),
  () => ({ case: 'syncState', value: new SyncState({ trackSidsDisabled: ['x'] }) }),
  (random) => ({
    case: 'updateMetadata',
    value: new UpdateParticipantMetadata({ name: 'x'.repeat(random(2_000)) }),
  }),
];

/** One frame: a message with wild fields, half of the time with wild bytes. */
export function mutated(random: Random): Uint8Array {
  const message = MESSAGES[random(MESSAGES.length)]?.(random) ?? { case: undefined };
  return spoilt(new SignalRequest({ message }).toBinary(), random);
}

/** The bytes as they are, or cut and with some of them changed. */
function spoilt(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  if (random(2) === 0) return Uint8Array.from(bytes);
  const changed = Uint8Array.from(bytes).subarray(0, 1 + random(bytes.length));
  for (let times = random(4); times >= 0; times--) changed[random(changed.length)] = random(256);
  return changed;
}

/** A join request, as text of the query: a declaration and an offer, both wild, and often wild bytes. */
export function mutatedJoin(random: Random): string {
  const request = new JoinRequest({
    addTrackRequests: [new AddTrackRequest({ cid: 'voice', source: sourceOf(random) })],
    publisherOffer: new SessionDescription({
      type: random(9) === 0 ? 'answer' : 'offer',
      sdp: mutatedSdp(random),
    }),
    ...(random(9) === 0 && { reconnect: true, participantSid: `PA_${random(9)}` }),
  });
  const inner = spoilt(request.toBinary(), random);
  const wrapped = new WrappedJoinRequest({
    compression: random(8) === 0 ? random(4) : 0,
    joinRequest: inner,
  });
  return Buffer.from(spoilt(wrapped.toBinary(), random)).toString('base64url');
}
