import {
  AddTrackRequest,
  ParticipantInfo,
  ParticipantInfo_State,
  SessionDescription,
  SignalRequest,
  SignalResponse,
  TrackInfo,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import type { Connection } from './connection.ts';
import { judgeRequest, readRequest } from './from-client.ts';
import type { MediaKind, MediaView } from './media-view.ts';
import { judgeResponse } from './to-client.ts';
import type { ClientVerdict, ServerVerdict } from './verdict.ts';

export const { MICROPHONE, CAMERA, SCREEN_SHARE, SCREEN_SHARE_AUDIO } = TrackSource;
export const { AUDIO, VIDEO } = TrackType;
export const EVERYTHING = [MICROPHONE, CAMERA, SCREEN_SHARE, SCREEN_SHARE_AUDIO];

/** A view with these rights, records and hidden identities. */
export const view = (
  sources: readonly TrackSource[] = EVERYTHING,
  muted: readonly MediaKind[] = [],
  hidden: readonly string[] | null = null,
): MediaView => ({
  sources: new Set(sources),
  muted: new Set(muted),
  isHidden: (identity) => hidden?.includes(identity) ?? false,
  drivesSubscriptions: hidden !== null,
});

type Request = SignalRequest['message'];
type Response = SignalResponse['message'];

/** Sends a client's message through the judge, by its bytes. */
export function fromClient(connection: Connection, message: Request, now?: MediaView): ClientVerdict {
  const read = readRequest(connection, new SignalRequest({ message }).toBinary());
  return 'close' in read ? read : judgeRequest(connection, read, now);
}

/** Sends a media server's message through the judge, by its bytes. */
export const toClient = (connection: Connection, message: Response, token?: string): ServerVerdict =>
  judgeResponse(connection, new SignalResponse({ message }).toBinary(), { refreshToken: () => token });

export const addTrack = (
  cid: string,
  type: TrackType,
  source: TrackSource,
  more: ConstructorParameters<typeof AddTrackRequest>[0] = {},
): Request => ({ case: 'addTrack', value: new AddTrackRequest({ cid, type, source, ...more }) });

export const offer = (...sections: readonly string[]): Request => ({
  case: 'offer',
  value: new SessionDescription({ type: 'offer', sdp: sdp(...sections), id: 1 }),
});

/** A description with these sections, in the shape that browsers write. */
export const sdp = (...sections: readonly string[]): string =>
  ['v=0', 'o=- 46117 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=msid-semantic: WMS', ...sections, ''].join(
    '\r\n',
  );

/** A section in which the client sends the track `id`. */
export const sending = (kind: 'audio' | 'video', mid: string, id: string): string =>
  [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF 96 97`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    'a=sendonly',
    `a=msid:- ${id}`,
    kind === 'audio' ? 'a=rtpmap:96 opus/48000/2' : 'a=rtpmap:96 VP8/90000',
    'a=rtpmap:97 red/90000',
    `a=ssrc:1${mid} cname:x`,
    `a=ssrc:1${mid} msid:- ${id}`,
  ].join('\r\n');

/** A section in which the client only receives. */
export const receiving = (kind: 'audio' | 'video', mid: string): string =>
  [`m=${kind} 9 UDP/TLS/RTP/SAVPF 96`, `a=mid:${mid}`, 'a=recvonly'].join('\r\n');

export const track = (
  sid: string,
  type: TrackType,
  source: TrackSource,
  more: ConstructorParameters<typeof TrackInfo>[0] = {},
): TrackInfo => new TrackInfo({ sid, type, source, ...more });

export const person = (
  name: string,
  tracks: readonly TrackInfo[] = [],
  state = ParticipantInfo_State.ACTIVE,
): ParticipantInfo => new ParticipantInfo({ sid: `PA_${name}`, identity: name, state, tracks: [...tracks] });

/** The names of the relayed and told cases, to compare verdicts by. */
export const cases = (messages: readonly { message: { case?: string | undefined } }[] = []): string[] =>
  messages.map(({ message }) => message.case ?? 'unknown');
