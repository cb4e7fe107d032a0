/** One client on `@livekit/rtc-node`: a command per line of its input, an answer per line of its output. */
import { createInterface } from 'node:readline';
import {
  DisconnectReason,
  dispose,
  type LocalTrackPublication,
  type Participant,
  type RemoteTrack,
  Room,
  RoomEvent,
  SimulateScenarioKind,
  type Track,
  TrackKind,
  TrackPublishOptions,
  VideoStream,
} from '@livekit/rtc-node';
import type { ConnectionEvent, MediaKind, SeenPermissions, SeenTrack } from '../media-client.ts';
import { setMuted, streamsOf, type TrackStream } from './native.ts';
import { kindOf, sourceOf, type Transmission, transmit, VIDEO_ENCODING } from './sources.ts';

/** What a test may read later, at most. */
const KEPT = 1000;

interface Owner {
  /** Empty: sent by us. */
  from: string;
  kind: MediaKind | 'unknown';
}
interface Own {
  publication: LocalTrackPublication;
  transmission: Transmission;
}

let room: Room | undefined;
const own = new Map<MediaKind, Own>();
/** Of publications that the server took back: the SDK goes on sending them, so we do until we leave. */
const takenBack: Transmission[] = [];
const events: ConnectionEvent[] = [];
const data: { identity: string; bytes: number[] }[] = [];
const watched = new Map<Track, Owner>();
/** By owner and SSRC, so that figures stay when tracks go. */
const streams = new Map<string, { owner: Owner; stream: TrackStream }>();

function keep<Entry>(list: Entry[], entry: Entry): void {
  list.push(entry);
  if (list.length > KEPT) list.shift();
}

function listen(to: Room): void {
  to.on(RoomEvent.Reconnecting, () => keep(events, { state: 'reconnecting' }));
  to.on(RoomEvent.Reconnected, () => keep(events, { state: 'reconnected' }));
  to.on(RoomEvent.Disconnected, (reason) => {
    keep(events, { state: 'disconnected', reason: DisconnectReason[reason] ?? 'UNKNOWN_REASON' });
  });
  to.on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
    watched.set(track, { from: participant.identity, kind: kindOf(publication.source) });
    if (track.kind === TrackKind.KIND_VIDEO) void drain(track);
  });
  to.on(RoomEvent.TrackUnsubscribed, (track) => void read(track).finally(() => watched.delete(track)));
  to.on(RoomEvent.DataReceived, (bytes, participant) => {
    keep(data, { identity: participant?.identity ?? '', bytes: [...bytes] });
  });
}

/** Somebody must take the frames, or they pile up in memory. */
async function drain(track: RemoteTrack): Promise<void> {
  for await (const _ of new VideoStream(track));
}

async function read(track: Track): Promise<void> {
  const owner = watched.get(track);
  if (!owner) return;
  for (const stream of await streamsOf(track)) {
    const key = `${owner.from} ${owner.kind} ${stream.ssrc}`;
    const packets = Math.max(stream.packets, streams.get(key)?.stream.packets ?? 0);
    const frames = Math.max(stream.frames, streams.get(key)?.stream.frames ?? 0);
    streams.set(key, { owner, stream: { ssrc: stream.ssrc, packets, frames } });
  }
}

async function total(isMeant: (owner: Owner) => boolean): Promise<{ packets: number; frames: number }> {
  await Promise.all([...watched.keys()].map(read));
  const sum = { packets: 0, frames: 0 };
  for (const { owner, stream } of streams.values()) {
    if (!isMeant(owner)) continue;
    sum.packets += stream.packets;
    sum.frames += stream.frames;
  }
  return sum;
}

function connected(): Room & { localParticipant: NonNullable<Room['localParticipant']> } {
  if (!room?.localParticipant) throw new Error('not joined');
  return room as Room & { localParticipant: NonNullable<Room['localParticipant']> };
}

function ownOf(kind: MediaKind): Own {
  const published = own.get(kind);
  if (!published) throw new Error(`no ${kind} is published`);
  return published;
}

const seen = (participant: Participant, isOwn: boolean): SeenTrack[] =>
  [...participant.trackPublications.values()].map((publication) => ({
    identity: participant.identity,
    kind: kindOf(publication.source),
    sid: publication.sid ?? '',
    muted: publication.muted ?? false,
    subscribed: isOwn || publication.track !== undefined,
  }));

function permissions(): SeenPermissions | undefined {
  const permission = room?.localParticipant?.info.permission;
  return (
    permission && {
      canPublish: permission.canPublish ?? false,
      canSubscribe: permission.canSubscribe ?? false,
      canPublishData: permission.canPublishData ?? false,
      canPublishSources: permission.canPublishSources.map(kindOf),
    }
  );
}

async function stopAll(): Promise<void> {
  const transmissions = [
    ...takenBack.splice(0),
    ...[...own.values()].map(({ transmission }) => transmission),
  ];
  own.clear();
  for (const transmission of transmissions) await transmission.stop();
}

interface Args {
  url: string;
  token: string;
  kind: MediaKind;
  prefix: string;
  bytes: number[];
}

const commands: Record<string, (args: Args) => unknown> = {
  async join({ url, token }) {
    await room?.disconnect();
    await stopAll();
    const joining = new Room();
    listen(joining);
    await joining.connect(url, token, { autoSubscribe: true, dynacast: false });
    room = joining;
    keep(events, { state: 'connected' });
  },
  async publish({ kind }) {
    const transmission = transmit(kind);
    // Without discontinuous transmission a muted microphone goes on sending: what arrives says who silenced it.
    const options = new TrackPublishOptions({
      source: sourceOf(kind),
      simulcast: false,
      dtx: false,
      // Without it a screen goes at 3 frames a second.
      videoEncoding: VIDEO_ENCODING,
    });
    const { localParticipant } = connected();
    const publication = await localParticipant
      .publishTrack(transmission.track, options)
      .catch(async (error: unknown) => {
        await transmission.stop();
        throw error;
      });
    watched.set(transmission.track, { from: '', kind });
    const before = own.get(kind);
    if (before) takenBack.push(before.transmission);
    own.set(kind, { publication, transmission });
  },
  async unpublish({ kind }) {
    const { publication, transmission } = ownOf(kind);
    await read(transmission.track);
    watched.delete(transmission.track);
    own.delete(kind);
    await connected().localParticipant.unpublishTrack(publication.sid ?? '');
    await transmission.stop();
  },
  mute: ({ kind }) => setMuted(ownOf(kind).transmission.track, true),
  unmute: ({ kind }) => setMuted(ownOf(kind).transmission.track, false),
  isMuted: ({ kind }) => own.get(kind)?.publication.muted,
  sent: async ({ kind }) => (await total((owner) => owner.from === '' && owner.kind === kind)).packets,
  received: ({ prefix, kind }) =>
    total((owner) => owner.from !== '' && owner.from.startsWith(prefix) && owner.kind === kind),
  participants: () => [...(room?.remoteParticipants.values() ?? [])].map(({ identity }) => identity),
  tracks: () => [
    ...(room?.localParticipant ? seen(room.localParticipant, true) : []),
    ...[...(room?.remoteParticipants.values() ?? [])].flatMap((participant) => seen(participant, false)),
  ],
  permissions,
  events: () => events,
  sendData: ({ bytes }) =>
    connected().localParticipant.publishData(new Uint8Array(bytes), { reliable: true }),
  dataReceived: () => data,
  dropSignal: () => connected().simulateScenario(SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT),
  async leave() {
    await stopAll();
    await room?.disconnect();
  },
};

async function answer(line: string): Promise<void> {
  const { id, name, args } = JSON.parse(line) as { id: number; name: string; args: Args };
  const told = await Promise.resolve()
    .then(() => commands[name]?.(args))
    .then(
      (value) => ({ value: value ?? undefined }),
      (error: Error) => ({ error: { message: error.message, reason: error.name } }),
    );
  process.stdout.write(`${JSON.stringify({ id, answer: told })}\n`);
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => void answer(line));
input.once('close', () => {
  void (async () => {
    await commands.leave?.({} as Args);
    await dispose();
    process.exit(0);
  })();
});
