import {
  AddTrackRequest,
  JoinRequest,
  MuteTrackRequest,
  SessionDescription,
  SignalRequest,
  SubscriptionPermission,
  SyncState,
  TrackPublishedResponse,
  TrackSource,
  TrackType,
  TrickleRequest,
  UpdateLocalAudioTrack,
  UpdateLocalVideoTrack,
  UpdateParticipantMetadata,
  UpdateSubscription,
  UpdateTrackSettings,
  UpdateVideoLayers,
  WrappedJoinRequest,
} from '@livekit/protocol';

/** One sort of what no honest client says, and the name that the door counts it under. */
export interface Malformed {
  readonly cause: string;
  /** One after the other; a text is a frame of text. */
  readonly frames: readonly (Uint8Array | string)[];
}

type Message = SignalRequest['message'];

const frame = (message: Message): Uint8Array => new SignalRequest({ message }).toBinary();
const ended = (cause: string, ...frames: (Uint8Array | string)[]): Malformed => ({
  cause: `closed: ${cause}`,
  frames,
});
const dropped = (message: Message): Malformed => ({
  cause: `dropped: ${message.case}`,
  frames: [frame(message)],
});

const description = (name: 'offer' | 'answer', sdp: string, type: string = name): Uint8Array =>
  frame({ case: name, value: new SessionDescription({ type, sdp, id: 1 }) });
const lines = (...all: readonly string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', ...all, ''].join('\r\n');
/** An m-line in which nothing is sent, with more lines. */
const section = (kind: string, mid: string, ...more: readonly string[]): string =>
  [`m=${kind} 9 UDP/TLS/RTP/SAVPF 96`, `a=mid:${mid}`, 'a=inactive', ...more].join('\r\n');
const sending = (kind: string, mid: string, id: string): string =>
  [`m=${kind} 9 UDP/TLS/RTP/SAVPF 96`, `a=mid:${mid}`, 'a=sendonly', `a=msid:- ${id}`].join('\r\n');
const many = <Item>(count: number, item: (at: number) => Item): Item[] =>
  Array.from({ length: count }, (_, at) => item(at));

/** The sorts of descriptions that cannot be read, by what the door says of them. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  'description too long': 'v'.repeat(512 * 1024 + 1),
  'too many lines': lines('a=\r\n'.repeat(20_001)),
  'line malformed': lines('a=\0'),
  'm-line malformed': lines('m=picture 9 UDP/TLS/RTP/SAVPF 96'),
  'too many m-lines': lines(...many(501, (at) => section('audio', String(at)))),
  'direction given twice': lines(section('audio', '0', 'a=sendonly')),
  'mid given twice': lines(section('audio', '0', 'a=mid:1')),
  'mid malformed': lines(section('audio', '0 1')),
  'mid missing or given twice': lines(section('audio', '0'), section('audio', '0')),
  'msid malformed': lines(section('audio', '0', 'a=msid:alone')),
  'ssrc malformed': lines(section('audio', '0', 'a=ssrc:x cname:y')),
  'track in a data section': lines(section('application', '0', 'a=msid:- voice')),
  'track id too long': lines(section('audio', '0', `a=msid:- ${'x'.repeat(257)}`)),
  'too many tracks in an m-line': lines(section('audio', '0', ...many(9, (at) => `a=msid:- track${at}`))),
  'rtpmap malformed': lines(section('audio', '0', 'a=rtpmap:opus')),
  'codec of another kind': lines(section('audio', '0', 'a=rtpmap:96 VP8/90000')),
  'sending m-line without a track id': lines('m=audio 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:0'),
};

const { AUDIO, VIDEO, DATA } = TrackType;
const { MICROPHONE, CAMERA } = TrackSource;
const declared = (more: ConstructorParameters<typeof AddTrackRequest>[0]): Message => ({
  case: 'addTrack',
  value: new AddTrackRequest({ cid: 'voice', type: AUDIO, source: MICROPHONE, ...more }),
});
const declaring = (more: ConstructorParameters<typeof AddTrackRequest>[0]): Uint8Array =>
  frame(declared(more));
const LONG = 'x'.repeat(257);

/** What ends the connection. */
export const ENDING: readonly Malformed[] = [
  ended('message malformed', Uint8Array.of(0xff, 0xff)),
  ended('text message', 'hello'),
  ended('offer of another type', description('offer', lines(), 'rollback')),
  ended('answer of another type', description('answer', lines(), 'pranswer')),
  ...(['offer', 'answer'] as const).flatMap((name) =>
    Object.entries(DESCRIPTIONS).map(([why, sdp]) => ended(`${name}: ${why}`, description(name, sdp))),
  ),
  ended('answer that sends media', description('answer', lines(sending('audio', '0', 'voice')))),
  ended('cid malformed', declaring({ cid: '' })),
  ended(
    'too many codecs',
    declaring({ simulcastCodecs: many(9, (at) => ({ codec: 'opus', cid: `${at}` })) }),
  ),
  ended('codec of another kind', declaring({ simulcastCodecs: [{ codec: 'vp8', cid: 'x' }] })),
  ended('another track under this sid', declaring({ sid: 'TR_unknown' })),
  ended('kind of a track conflicts', declaring({}), declaring({ type: VIDEO, source: CAMERA })),
  ended(
    'kind of an m-line changed',
    description('offer', lines(section('audio', '0'))),
    description('offer', lines(section('video', '0'))),
  ),
  ended(
    'too many sending m-lines',
    description('offer', lines(...many(101, (at) => sending('audio', `${at}`, `track${at}`)))),
  ),
  ended(
    'track offered without a declaration',
    description('offer', lines(sending('audio', '0', 'undeclared'))),
  ),
  // 11 declarations with 9 ids each and an offer with 4,000: more than the 4,096 that a connection may name.
  ended(
    'too many track ids',
    ...many(11, (track) =>
      declaring({
        cid: `voice${track}`,
        simulcastCodecs: many(8, (at) => ({ codec: 'opus', cid: `codec${track}-${at}` })),
      }),
    ),
    description(
      'offer',
      lines(...many(500, (at) => section('audio', `${at}`, ...many(8, (id) => `a=msid:- t${at}-${id}`)))),
    ),
  ),
  ended(
    'too many tracks',
    frame({
      case: 'syncState',
      value: new SyncState({ publishTracks: many(33, () => new TrackPublishedResponse()) }),
    }),
  ),
];

/** What is not relayed, and leaves the connection as it is. */
export const DROPPED: readonly Malformed[] = [
  { cause: 'dropped: unknown', frames: [new Uint8Array()] },
  dropped({ case: 'trickle', value: new TrickleRequest({ candidateInit: 'x'.repeat(4097) }) }),
  dropped(declared({ source: CAMERA })),
  dropped(declared({ type: DATA })),
  dropped({ case: 'mute', value: new MuteTrackRequest({ sid: 'TR_unknown' }) }),
  dropped({ case: 'subscription', value: new UpdateSubscription({ trackSids: ['TR_unknown'] }) }),
  dropped({ case: 'trackSetting', value: new UpdateTrackSettings({ trackSids: ['TR_unknown'] }) }),
  dropped({ case: 'updateMetadata', value: new UpdateParticipantMetadata({ name: 'x' }) }),
  dropped({
    case: 'subscriptionPermission',
    value: new SubscriptionPermission({ trackPermissions: [{ participantIdentity: LONG }] }),
  }),
  dropped({ case: 'updateLayers', value: new UpdateVideoLayers({ trackSid: LONG }) }),
  dropped({ case: 'updateAudioTrack', value: new UpdateLocalAudioTrack({ trackSid: LONG }) }),
  dropped({ case: 'updateVideoTrack', value: new UpdateLocalVideoTrack({ trackSid: LONG }) }),
  ...(
    [
      'simulate',
      'publishDataTrackRequest',
      'unpublishDataTrackRequest',
      'updateDataSubscription',
      'storeDataBlobRequest',
      'getDataBlobRequest',
    ] as const
  ).map((name) => dropped({ case: name, value: {} } as Message)),
];

/** Frames of WebSocket itself that are none, as bytes on the wire. */
export const BROKEN_FRAMES: readonly { cause: string; what: string; bytes: Uint8Array }[] = [
  { what: 'without a mask', bytes: Uint8Array.of(0x82, 0x01, 0x00) },
  { what: 'of an unknown sort', bytes: Uint8Array.of(0x83, 0x80, 0, 0, 0, 0) },
  { what: 'with reserved bits', bytes: Uint8Array.of(0xf2, 0x80, 0, 0, 0, 0) },
  { what: 'that goes on with nothing', bytes: Uint8Array.of(0x80, 0x80, 0, 0, 0, 0) },
  { what: 'of text that is none', bytes: Uint8Array.of(0x81, 0x81, 0, 0, 0, 0, 0xff) },
  { what: 'with an unknown code of closing', bytes: Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 0, 1) },
]
  .map((one) => ({ ...one, cause: 'closed: frame malformed' }))
  .concat({
    what: 'longer than 1.5 MB',
    cause: 'closed: message too long',
    bytes: Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0x18, 0, 1, 0, 0, 0, 0),
  });

/** The text of a join request in the query. */
const joining = (request: JoinRequest, compression = 0): string =>
  Buffer.from(new WrappedJoinRequest({ compression, joinRequest: request.toBinary() }).toBinary()).toString(
    'base64url',
  );
const offering = (sdp: string, type = 'offer'): string =>
  joining(new JoinRequest({ publisherOffer: new SessionDescription({ type, sdp }) }));

/** Join requests that are refused, with the names that they are counted under. */
export const JOIN_REQUESTS: readonly { cause: string; code: 4 | 17; text: string }[] = [
  { code: 4, cause: 'join_request missing', text: '' },
  { code: 4, cause: 'join_request malformed', text: '%' },
  { code: 4, cause: 'join_request malformed', text: joining(new JoinRequest(), 1) },
  { code: 4, cause: 'join_request malformed', text: joining(new JoinRequest(), 9) },
  { code: 17, cause: 'join_request: ice-lite', text: offering(lines('a=ice-lite')) },
  { code: 17, cause: 'join_request: offer of another type', text: offering(lines(), 'answer') },
  {
    ...{ code: 17, cause: 'join_request: cid malformed' },
    text: joining(
      new JoinRequest({ addTrackRequests: [new AddTrackRequest({ type: AUDIO, source: MICROPHONE })] }),
    ),
  },
  {
    ...{ code: 17, cause: 'join_request: track offered without a declaration' },
    text: offering(lines(sending('audio', '0', 'undeclared'))),
  },
  {
    ...{ code: 17, cause: 'join_request: too many tracks' },
    text: joining(
      new JoinRequest({
        syncState: new SyncState({ publishTracks: many(33, () => new TrackPublishedResponse()) }),
      }),
    ),
  },
  ...Object.entries(DESCRIPTIONS)
    // Longer than the head of a request may be.
    .filter(([why]) => why !== 'description too long' && why !== 'too many lines')
    .map(([why, sdp]) => ({
      ...{ code: 17 as const, cause: `join_request: offer: ${why}`, text: offering(sdp) },
    })),
];
