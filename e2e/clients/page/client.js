// One client: a Room of livekit-client and what a test asks of it. Loaded last; talks JSON only.

import { createTrack, kindOf, SOURCES } from './devices.js';
import { createLedger } from './ledger.js';

const { DisconnectReason, Room, RoomEvent } = globalThis.LivekitClient;

/** What a test may read later, at most. */
const KEPT = 1000;

const ledger = createLedger();
const events = [];
const data = [];
let room;

const keep = (list, entry) => {
  list.push(entry);
  if (list.length > KEPT) list.shift();
};

function listen(to) {
  to.on(RoomEvent.Connected, () => keep(events, { state: 'connected' }));
  to.on(RoomEvent.Reconnecting, () => keep(events, { state: 'reconnecting' }));
  to.on(RoomEvent.SignalReconnecting, () => keep(events, { state: 'reconnecting' }));
  to.on(RoomEvent.Reconnected, () => keep(events, { state: 'reconnected' }));
  to.on(RoomEvent.Disconnected, (reason) =>
    keep(events, { state: 'disconnected', reason: DisconnectReason[reason] ?? 'UNKNOWN_REASON' }),
  );
  to.on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
    ledger.watch(track.receiver, { from: participant.identity, kind: kindOf(publication.source) });
    document.body.append(Object.assign(track.attach(), { muted: true, width: 32, height: 18 }));
  });
  to.on(RoomEvent.TrackUnsubscribed, (track) => {
    for (const element of track.detach()) element.remove();
    return ledger.collect();
  });
  to.on(RoomEvent.LocalTrackPublished, (publication) => {
    const { sender } = publication.track;
    if (sender) ledger.watch(sender, { sent: kindOf(publication.source) });
  });
  to.on(RoomEvent.DataReceived, (payload, participant) =>
    keep(data, { identity: participant?.identity ?? '', bytes: [...payload] }),
  );
}

const own = (kind) => room?.localParticipant.getTrackPublication(SOURCES[kind]);

function ownOrThrow(kind) {
  const publication = own(kind);
  if (!publication) throw new Error(`no ${kind} is published`);
  return publication;
}

const seen = (participant, isOwn) =>
  [...participant.trackPublications.values()].map((publication) => ({
    identity: participant.identity,
    kind: kindOf(publication.source),
    sid: publication.trackSid,
    muted: publication.isMuted,
    subscribed: isOwn || publication.isSubscribed,
  }));

const permissionsOf = ({ canPublish, canSubscribe, canPublishData, canPublishSources }) => ({
  canPublish,
  canSubscribe,
  canPublishData,
  // TrackSource of the protocol, by number.
  canPublishSources: canPublishSources.map(
    (source) => [undefined, 'camera', 'microphone', 'screen', 'screen-audio'][source] ?? String(source),
  ),
});

const commands = {
  async join({ url, token }) {
    await room?.disconnect();
    room = new Room({ disconnectOnPageLeave: false });
    listen(room);
    await room.connect(url, token);
  },
  async publish({ kind }) {
    const track = await createTrack(kind);
    // Without discontinuous transmission a muted microphone goes on sending: what arrives says who silenced it.
    const options = { source: SOURCES[kind], simulcast: false, dtx: false };
    await room.localParticipant.publishTrack(track, options);
  },
  unpublish: ({ kind }) => room.localParticipant.unpublishTrack(ownOrThrow(kind).track),
  mute: ({ kind }) => ownOrThrow(kind).mute(),
  unmute: ({ kind }) => ownOrThrow(kind).unmute(),
  isMuted: ({ kind }) => own(kind)?.isMuted,
  async sent({ kind }) {
    await ledger.collect();
    return ledger.total((owner) => owner.sent === kind).packets;
  },
  async received({ prefix, kind }) {
    await ledger.collect();
    return ledger.total((owner) => owner.from?.startsWith(prefix) && owner.kind === kind);
  },
  participants: () => [...(room?.remoteParticipants.values() ?? [])].map(({ identity }) => identity),
  tracks: () =>
    room === undefined
      ? []
      : [
          ...seen(room.localParticipant, true),
          ...[...room.remoteParticipants.values()].flatMap((participant) => seen(participant, false)),
        ],
  permissions: () => room?.localParticipant.permissions && permissionsOf(room.localParticipant.permissions),
  events: () => events,
  sendData: ({ bytes }) => room.localParticipant.publishData(new Uint8Array(bytes), { reliable: true }),
  dataReceived: () => data,
  dropSignal: () => {
    if (globalThis.cutSockets() === 0) throw new Error('there is no open signalling connection');
  },
  leave: () => room?.disconnect(),
};

/** Runs a command; the answer is JSON, `{ value }` or `{ error }`. */
globalThis.command = async (name, args) => {
  try {
    return JSON.stringify({ value: (await commands[name](args)) ?? undefined });
  } catch (error) {
    const { message, reasonName, status } = error;
    return JSON.stringify({ error: { message: String(message ?? error), reason: reasonName, status } });
  }
};
