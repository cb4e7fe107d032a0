import {
  SubscriptionError,
  type SubscriptionPermission,
  SubscriptionPermissionUpdate,
  SubscriptionResponse,
  TrackSubscribed,
} from '@livekit/protocol';
import { isHidden, type Participant, type Room, type Track } from './state.ts';
import { tell } from './tell.ts';

/** Whether the track is to be sent to the participant, by everything that holds now. */
function isWanted(subscriber: Participant, track: Track): boolean {
  const { owner } = track;
  if (owner === subscriber || track.codec === undefined || isHidden(owner)) return false;
  if (!subscriber.permission.canSubscribe || !isAllowed(subscriber, track)) return false;
  return subscriber.choices.get(track.sid) ?? subscriber.autoSubscribe;
}

/** Whether the publisher's own client lets the participant have it. */
function isAllowed({ sid, identity }: Participant, track: Track): boolean {
  const { audience } = track.owner;
  if (!audience || audience.allParticipants) return true;
  const entry = audience.trackPermissions.find(
    (one) =>
      (one.participantSid !== '' && one.participantSid === sid) || one.participantIdentity === identity,
  );
  return entry !== undefined && (entry.allTracks || entry.trackSids.includes(track.sid));
}

/** Brings one subscription to what holds now; true: it changed. The connection is not told yet. */
function decide(subscriber: Participant, track: Track): boolean {
  const { wanted } = subscriber;
  const shall = isWanted(subscriber, track);
  if (shall === wanted.has(track.sid)) return false;
  if (shall) wanted.set(track.sid, track);
  else wanted.delete(track.sid);
  if (shall && !track.isSubscribed) {
    track.isSubscribed = true;
    tell(track.owner, { case: 'trackSubscribed', value: new TrackSubscribed({ trackSid: track.sid }) });
  }
  return true;
}

/** The track was published, or who may have it changed: everybody's subscription to it. */
export function decideForAll(track: Track): void {
  for (const subscriber of track.owner.room.participants.values()) {
    if (decide(subscriber, track)) subscriber.connection.wantsChanged();
  }
}

/** The participant came, or what they may receive changed: their subscriptions to everything. */
export function decideAllFor(subscriber: Participant): void {
  let isChanged = false;
  for (const { tracks } of subscriber.room.participants.values()) {
    for (const track of tracks.values()) isChanged = decide(subscriber, track) || isChanged;
  }
  if (isChanged) subscriber.connection.wantsChanged();
}

/** The track is gone: nobody is sent it from this tick on. */
export function forgetTrack(room: Room, track: Track): void {
  for (const subscriber of room.participants.values()) {
    subscriber.choices.delete(track.sid);
    if (subscriber.wanted.delete(track.sid)) subscriber.connection.wantsChanged();
  }
}

/** Subscribes or unsubscribes, as their client or the API says; tracks that are not there are told to the client. */
export function choose(subscriber: Participant, sids: readonly string[], isSubscribed: boolean): void {
  const tracks = tracksBySid(subscriber.room);
  for (const sid of new Set(sids)) {
    const track = tracks.get(sid);
    if (!track || isHidden(track.owner)) {
      if (isSubscribed) tellUnknown(subscriber, sid);
      continue;
    }
    if (subscriber.choices.size < subscriber.room.limits.choices || subscriber.choices.has(sid)) {
      subscriber.choices.set(sid, isSubscribed);
    }
  }
  decideAllFor(subscriber);
}

const tracksBySid = ({ participants }: Room): Map<string, Track> =>
  new Map([...participants.values()].flatMap(({ tracks }) => [...tracks]));

const tellUnknown = (subscriber: Participant, trackSid: string): void =>
  tell(subscriber, {
    case: 'subscriptionResponse',
    value: new SubscriptionResponse({ trackSid, err: SubscriptionError.SE_TRACK_NOTFOUND }),
  });

/** Sets who may subscribe to the participant's tracks; who loses or gets one is told so. */
export function allowAudience(owner: Participant, audience: SubscriptionPermission): void {
  const published = [...owner.tracks.values()].filter(({ codec }) => codec);
  const others = [...owner.room.participants.values()].filter((one) => one !== owner);
  const before = new Map(others.map((one) => [one, published.map((track) => isAllowed(one, track))]));
  owner.audience = audience;
  for (const [subscriber, allowed] of before) {
    published.forEach((track, at) => {
      const isNow = isAllowed(subscriber, track);
      if (isNow !== allowed[at] && !isHidden(owner)) tellAllowed(subscriber, track, isNow);
    });
  }
  for (const track of published) decideForAll(track);
}

const tellAllowed = (subscriber: Participant, { sid, owner }: Track, allowed: boolean): void =>
  tell(subscriber, {
    case: 'subscriptionPermissionUpdate',
    value: new SubscriptionPermissionUpdate({ participantSid: owner.sid, trackSid: sid, allowed }),
  });
