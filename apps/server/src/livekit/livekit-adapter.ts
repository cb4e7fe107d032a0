import type { CallCid, TrackKind } from '@callgate/contract';
import { type ParticipantInfo, ParticipantInfo_Kind } from '@livekit/protocol';
import {
  AccessToken,
  RoomServiceClient,
  ServerError,
  type WebhookEvent,
  WebhookReceiver,
} from 'livekit-server-sdk';
import {
  type Applied,
  isOfPeople,
  type MediaNews,
  type MediaPlane,
  type SeenParticipant,
  serviceKindOf,
  type WantedMedia,
} from '../features/media/index.ts';
import { isHonest, kindOf, permissionOf, videoGrantOf } from './livekit-grants.ts';

export interface LiveKitOptions {
  /** `http`, `https`, `ws` or `wss`; the server's API and its signalling have one address. */
  url: string;
  apiKey: string;
  apiSecret: string;
}

/** Seconds in which LiveKit must answer; a dead node takes it 15 s to notice, and acts answer `pending` after 2. */
const TIMEOUT_S = 20;
/** How long the token of one dial is good, in seconds: it is used at once. */
const DIAL_TTL_S = 60;
/** Media servers take 256 characters. */
const NAME_LENGTH = 256;

/** The media plane over LiveKit, or anything that speaks its protocol: the one media adapter (design section 2). */
export function createLiveKitPlane({ url, apiKey, apiSecret }: LiveKitOptions): MediaPlane {
  const rooms = new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret, {
    requestTimeout: TIMEOUT_S,
    failover: false,
  });
  const hooks = new WebhookReceiver(apiKey, apiSecret);
  const dialUrl = url.replace(/^http/, 'ws').replace(/\/$/, '');

  return {
    configured: true,
    ...actsOf(rooms),
    async dial({ cid, identity }, wanted) {
      const token = new AccessToken(apiKey, apiSecret, {
        identity,
        ttl: DIAL_TTL_S,
        name: wanted.name.slice(0, NAME_LENGTH),
        metadata: wanted.metadata,
      });
      if (wanted.service !== null) token.kind = wanted.service;
      token.addGrant(videoGrantOf(cid, wanted));
      return { url: dialUrl, token: await token.toJwt() };
    },
    async openRoom(cid) {
      await rooms.createRoom({ name: cid });
    },
    async calls() {
      return (await rooms.listRooms()).map(({ name }) => name as CallCid);
    },
    async participants(cid) {
      const list = (await ifThere(rooms.listParticipants(cid))) ?? [];
      return list.map(seen);
    },
    async receive(body, authorization) {
      try {
        return newsOf(await hooks.receive(body, authorization));
      } catch {
        return 'forged';
      }
    },
  };
}

/** What is told of one participant. */
function actsOf(rooms: RoomServiceClient): Pick<MediaPlane, 'apply' | 'remove'> {
  const muteTracks = async (
    cid: CallCid,
    info: ParticipantInfo,
    isSilent: (kind: TrackKind | undefined) => boolean,
  ): Promise<number> => {
    const loud = info.tracks.filter((track) => !track.muted && isSilent(kindOf(track)));
    const silenced = await Promise.all(
      loud.map(({ sid }) => ifThere(rooms.mutePublishedTrack(cid, info.identity, sid, true))),
    );
    return silenced.filter((track) => track !== undefined).length;
  };

  /** Takes away what is subscribed of people who are hidden; their doors let nobody subscribe again. */
  const stopReceiving = async (
    cid: CallCid,
    { identity }: ParticipantInfo,
    people: WantedMedia['hiddenPeople'],
  ): Promise<void> => {
    const isOfHidden = isOfPeople(people);
    const others = (await ifThere(rooms.listParticipants(cid))) ?? [];
    const sids = others.filter((other) => isOfHidden(other.identity)).flatMap(({ tracks }) => tracks);
    if (sids.length === 0) return;
    await ifThere(
      rooms.updateSubscriptions(
        cid,
        identity,
        sids.map(({ sid }) => sid),
        false,
      ),
    );
  };

  return {
    async apply({ cid, identity }, wanted): Promise<Applied> {
      const info = await ifThereSoon(() =>
        rooms.updateParticipant(cid, identity, {
          name: wanted.name.slice(0, NAME_LENGTH),
          metadata: wanted.metadata,
          permission: permissionOf(wanted),
        }),
      );
      if (!info) return { isThere: false, tracks: 0 };
      if (wanted.hiddenPeople.size > 0) await stopReceiving(cid, info, wanted.hiddenPeople);
      const unpublished = info.tracks.filter((track) => !mayPublish(wanted, kindOf(track))).length;
      const isSilent = (kind: TrackKind | undefined) => kind === undefined || wanted.muted.has(kind);
      return { isThere: true, tracks: unpublished + (await muteTracks(cid, info, isSilent)) };
    },
    async remove({ cid, identity }) {
      const removed = await ifThereSoon(() => rooms.removeParticipant(cid, identity).then(() => true));
      return { isThere: removed !== undefined, tracks: 0 };
    },
  };
}

const NEWS: Record<string, MediaNews['what']> = {
  participant_joined: 'joined',
  participant_left: 'left',
  participant_connection_aborted: 'left',
  track_published: 'published',
};

function newsOf({ event, room, participant }: WebhookEvent): MediaNews | undefined {
  const what = Object.hasOwn(NEWS, event) ? NEWS[event] : undefined;
  if (!what || !room || !participant) return undefined;
  return { what, cid: room.name as CallCid, participant: seen(participant) };
}

const mayPublish = ({ kinds }: WantedMedia, kind: TrackKind | undefined): boolean =>
  kind !== undefined && kinds.has(kind);

const seen = (info: ParticipantInfo): SeenParticipant => ({
  identity: info.identity,
  sid: info.sid,
  service: serviceKindOf(ParticipantInfo_Kind[info.kind]) ?? null,
  name: info.name,
  isHidden: info.permission?.hidden === true,
  holds: (wanted) => isHonest(info, wanted),
});

/** Undefined: LiveKit does not know the room, the participant or the track. */
async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ServerError && error.status === 404) return undefined;
    throw error;
  }
}

/** How often LiveKit is asked again about a participant that is coming or going, and after how long, in milliseconds: a second. */
const AGAIN = { times: 25, pauseMs: 40 };

/**
 * As `ifThere`. Between its own notes and the participant's end LiveKit answers 503 `unavailable`: nobody is there to take
 * the request, and a moment later it says so by a 404.
 */
async function ifThereSoon<T>(ask: () => Promise<T>): Promise<T | undefined> {
  for (let left = AGAIN.times; ; left--) {
    try {
      return await ifThere(ask());
    } catch (error) {
      const isPassing = error instanceof ServerError && error.code === 'unavailable';
      if (!isPassing || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN.pauseMs));
    }
  }
}
