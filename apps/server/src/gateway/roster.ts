import {
  DisconnectReason,
  ParticipantInfo,
  ParticipantInfo_State,
  ParticipantTracks,
  UpdateSubscription,
} from '@livekit/protocol';
import type { Hiding } from './media-view.ts';

/** Most participants that one connection keeps in mind; further ones are not announced to it. */
export const MAX_PEOPLE = 10_000;

interface Person {
  readonly sid: string;
  readonly identity: string;
  tracks: readonly string[];
  /** Whether the client knows of them. */
  isShown: boolean;
  /** What the server said last, to show people who are hidden no more: kept where anybody is hidden from anybody. */
  info: ParticipantInfo | undefined;
}

/** What the client is to hear of people, and what the media server is to be asked because of it. */
export interface RosterChange {
  readonly told: ParticipantInfo[];
  readonly asked: UpdateSubscription[];
}

/** The other people that the media server has told of, which of them the client knows, and what it subscribed to. */
export class Roster {
  ownSid = '';
  readonly #people = new Map<string, Person>();
  readonly #owners = new Map<string, string>();
  /** What the client asked for by itself, per track: it wins over automatic subscription. */
  readonly #wishes = new Map<string, boolean>();
  /** Tracks that the gateway asked for. */
  readonly #driven = new Set<string>();
  readonly #isAutomatic: boolean;

  /** `isAutomatic`: the client did not ask for `autoSubscribe: false`. */
  constructor(isAutomatic: boolean) {
    this.#isAutomatic = isAutomatic;
  }

  /**
   * Takes in what the server says of people and returns what the client may hear of it. Hidden people are left out;
   * somebody whom the client knows and who is hidden now is told to it once, as gone.
   */
  heard(infos: readonly ParticipantInfo[], hiding: Hiding): RosterChange {
    const lost: Person[] = [];
    const told = infos.flatMap((info) => {
      if (info.sid === this.ownSid) return [withoutDataTracks(info)];
      const before = this.#people.get(info.sid);
      if (info.state === ParticipantInfo_State.DISCONNECTED) {
        this.#remove(info.sid);
        return before?.isShown ? [info] : [];
      }
      if (!this.#remember(info, hiding)) return [];
      if (this.isShown(info.sid)) return [withoutDataTracks(info)];
      if (!before?.isShown) return [];
      lost.push(before);
      return [gone(info.sid, info.identity)];
    });
    return { told, asked: this.#asked(lost, hiding) };
  }

  #remember(info: ParticipantInfo, hiding: Hiding): boolean {
    const { sid, identity } = info;
    const before = this.#people.get(sid);
    if (!before && this.#people.size >= MAX_PEOPLE) return false;
    const tracks = info.tracks.map((track) => track.sid);
    for (const track of before?.tracks ?? []) if (!tracks.includes(track)) this.#dropTrack(track);
    for (const track of tracks) this.#owners.set(track, sid);
    const isShown = !hiding.isHidden(identity);
    const kept = hiding.drivesSubscriptions || !isShown ? info : undefined;
    this.#people.set(sid, { sid, identity, tracks, isShown, info: kept });
    return true;
  }

  /** The subscriptions that go with people who are not shown any more, and those that are due. */
  #asked(lost: readonly Person[], hiding: Hiding): UpdateSubscription[] {
    for (const track of lost.flatMap(({ tracks }) => tracks)) this.#driven.delete(track);
    const unsubscribe = subscription(lost, false);
    const subscribe = hiding.drivesSubscriptions ? this.#drive() : undefined;
    return [unsubscribe, subscribe].filter((update) => update !== undefined);
  }

  #remove(sid: string): void {
    for (const track of this.#people.get(sid)?.tracks ?? []) this.#dropTrack(track);
    this.#people.delete(sid);
  }

  #dropTrack(track: string): void {
    this.#owners.delete(track);
    this.#wishes.delete(track);
    this.#driven.delete(track);
  }

  /** Whether the client knows this participant (itself too). */
  isShown(sid: string): boolean {
    return sid === this.ownSid || this.#people.get(sid)?.isShown === true;
  }

  /** Whether the client knows this track of somebody else. */
  isTrackShown(track: string): boolean {
    return this.isShown(this.#owners.get(track) ?? '');
  }

  /** Of the tracks that a client names those that it knows, each once: what is relayed is no longer than what it was told. */
  shown(tracks: readonly string[]): string[] {
    return [...new Set(tracks)].filter((track) => this.isTrackShown(track));
  }

  /**
   * What of a client's subscription may pass: unsubscribing, and subscribing to tracks of people whom it knows and who
   * are not hidden. Remembers it. Undefined when nothing is left.
   */
  wished(update: UpdateSubscription, hiding: Hiding): UpdateSubscription | undefined {
    const passes = (track: string): boolean => {
      const owner = this.#people.get(this.#owners.get(track) ?? '');
      if (!owner?.isShown) return false;
      return !update.subscribe || !hiding.isHidden(owner.identity);
    };
    const trackSids = update.trackSids.filter(passes);
    const participantTracks = update.participantTracks
      .map((group) => new ParticipantTracks({ ...group, trackSids: group.trackSids.filter(passes) }))
      .filter((group) => group.trackSids.length > 0);
    for (const track of [...trackSids, ...participantTracks.flatMap((group) => group.trackSids)]) {
      this.#wishes.set(track, update.subscribe);
      if (update.subscribe) this.#driven.add(track);
    }
    if (trackSids.length === 0 && participantTracks.length === 0) return undefined;
    return new UpdateSubscription({ trackSids, participantTracks, subscribe: update.subscribe });
  }

  /** The tracks to subscribe to for the client that nobody asked for yet: of people whom it knows. */
  #drive(): UpdateSubscription | undefined {
    const groups = [...this.#people.values()]
      .filter(({ isShown }) => isShown)
      .map(({ sid, tracks }) => ({ sid, tracks: tracks.filter((track) => this.#isDue(track)) }));
    for (const { tracks } of groups) for (const track of tracks) this.#driven.add(track);
    return subscription(groups, true);
  }

  #isDue(track: string): boolean {
    return !this.#driven.has(track) && (this.#wishes.get(track) ?? this.#isAutomatic);
  }

  /** Who is hidden has changed. */
  rehide(hiding: Hiding): RosterChange {
    const told: ParticipantInfo[] = [];
    const lost: Person[] = [];
    for (const person of this.#people.values()) {
      const isHidden = hiding.isHidden(person.identity);
      if (isHidden && person.isShown) {
        lost.push(person);
        told.push(gone(person.sid, person.identity));
        person.isShown = false;
      } else if (!isHidden && !person.isShown && person.info) {
        told.push(withoutDataTracks(person.info));
        person.isShown = true;
      }
    }
    return { told, asked: this.#asked(lost, hiding) };
  }
}

function subscription(
  groups: readonly { readonly sid: string; readonly tracks: readonly string[] }[],
  subscribe: boolean,
): UpdateSubscription | undefined {
  const full = groups.filter(({ tracks }) => tracks.length > 0);
  if (full.length === 0) return undefined;
  const participantTracks = full.map(
    ({ sid, tracks }) => new ParticipantTracks({ participantSid: sid, trackSids: [...tracks] }),
  );
  return new UpdateSubscription({ participantTracks, subscribe });
}

const gone = (sid: string, identity: string): ParticipantInfo =>
  new ParticipantInfo({
    sid,
    identity,
    state: ParticipantInfo_State.DISCONNECTED,
    disconnectReason: DisconnectReason.CLIENT_INITIATED,
  });

/** Data tracks cannot be subscribed to through the gateway, so they are not announced. */
function withoutDataTracks(info: ParticipantInfo): ParticipantInfo {
  if (info.dataTracks.length === 0) return info;
  const copy = info.clone();
  copy.dataTracks = [];
  return copy;
}
