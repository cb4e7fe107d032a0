import { type AddTrackRequest, type TrackInfo, type TrackSource, TrackType } from '@livekit/protocol';
import { isPair } from './media-view.ts';
import { isOtherTypesCodec, MAX_ID, type Section, typeOfSection } from './offer.ts';

/** Most tracks of a connection that are declared and not yet gone. */
export const MAX_TRACKS = 32;
/** Most sections of one offer in which a client sends. */
export const MAX_SENDING = 100;
/** Most ids whose type a connection remembers; a client that needs more connects anew. */
export const MAX_IDS = 4096;
/** Most codecs of one track; browsers have five. */
const MAX_CODECS = 8;

/**
 * Written in place of an empty codec id (livekit-client declares its backup codec by one). LiveKit would bind to that
 * codec any stream without a track id, whatever its kind. Registered like any other id, so that it binds one type.
 */
const standInCid = (type: TrackType): string =>
  type === TrackType.AUDIO ? 'callgate:backup-audio' : 'callgate:backup-video';

/** A track that the client declared, until it is gone. */
interface Declared {
  readonly type: TrackType;
  readonly source: TrackSource;
  /** Set by `trackPublished`. */
  sid: string | undefined;
  /** The media server has listed it among the participant's tracks. */
  isListed: boolean;
  /** The client itself declared it as muted. */
  readonly isSelfMuted: boolean;
}

/** A track as the media server knows it. */
export interface KnownTrack {
  readonly type: TrackType;
  readonly source: TrackSource;
}

/** Why a message breaks the ledger; `anew` when an honest client may get here. */
export interface Breach {
  readonly reason: string;
  readonly anew: boolean;
}
const breach = (reason: string): Breach => ({ reason, anew: false });

/**
 * What one participant declared and offered. LiveKit matches an offered stream to a declared track by id alone: by the
 * declaration's cid, by the cid of any of its codecs, by an id that an earlier offer left with it; only then by type.
 * So here every id has one type from its first mention, in a declaration or in an offer, for as long as the participant
 * lives: it must outlive the socket, because the media server's participant does.
 */
export class TrackLedger {
  readonly #types = new Map<string, TrackType>();
  readonly #mids = new Map<string, Section['kind']>();
  readonly #declared = new Map<string, Declared[]>();
  readonly #bySid = new Map<string, KnownTrack>();
  /** Ids that were offered in a sending section. */
  readonly #offered = new Set<string>();
  readonly #declarations = { [TrackType.AUDIO]: 0, [TrackType.VIDEO]: 0, [TrackType.DATA]: 0 };
  readonly #offers = { [TrackType.AUDIO]: 0, [TrackType.VIDEO]: 0, [TrackType.DATA]: 0 };

  /** What breaks the rules whatever the person's rights: malformed ids, conflicts of types. Its source fits its type. */
  checkDeclaration(request: AddTrackRequest): Breach | undefined {
    const { cid, type, source, sid, simulcastCodecs } = request;
    if (cid === '' || cid.length > MAX_ID) return breach('cid malformed');
    if (simulcastCodecs.length > MAX_CODECS) return breach('too many codecs');
    if (simulcastCodecs.some(({ codec }) => isOtherTypesCodec(type, codec)))
      return breach('codec of another kind');
    if (sid !== '') {
      const known = this.#bySid.get(sid);
      if (known?.type !== type || known.source !== source) return breach('another track under this sid');
    }
    return this.#checkIds(type, [cid, ...simulcastCodecs.map((codec) => codec.cid)]);
  }

  #checkIds(type: TrackType, ids: readonly string[]): Breach | undefined {
    if (ids.some((id) => id.length > MAX_ID)) return breach('cid malformed');
    if (ids.some((id) => this.#types.has(id) && this.#types.get(id) !== type))
      return breach('kind of a track conflicts');
    const added = new Set(ids.filter((id) => !this.#types.has(id))).size;
    return this.#types.size + added + 1 > MAX_IDS ? { reason: 'too many track ids', anew: true } : undefined;
  }

  /** Whether one more track may be declared under this cid: none too many, and none of another source is alive. */
  hasRoomFor(request: AddTrackRequest): boolean {
    const alive = [...this.#declared.values()].reduce((count, list) => count + list.length, 0);
    const same = this.#declared.get(request.cid) ?? [];
    return alive < MAX_TRACKS && same.every(({ source }) => source === request.source);
  }

  /** Takes a checked declaration in and returns what may be relayed; `isMuted`: a mute record asks for silence. */
  declare(request: AddTrackRequest, isMuted: boolean): AddTrackRequest {
    const relayed = request.clone();
    for (const codec of relayed.simulcastCodecs) codec.cid ||= standInCid(request.type);
    for (const id of [request.cid, ...relayed.simulcastCodecs.map(({ cid }) => cid)]) {
      this.#types.set(id, request.type);
    }
    this.#declarations[request.type] += 1;
    if (isMuted) relayed.muted = true;
    // A further codec of a published track is no track of its own.
    if (request.sid !== '') return relayed;
    const list = this.#declared.get(request.cid) ?? [];
    list.push({
      type: request.type,
      source: request.source,
      sid: undefined,
      isListed: false,
      isSelfMuted: request.muted,
    });
    this.#declared.set(request.cid, list);
    return relayed;
  }

  /** Whether an offer names a track, in a section that sends, for the first time. */
  offersNew(sections: readonly Section[]): boolean {
    return sections.some(({ sends, trackIds }) => sends && trackIds.some((id) => !this.#offered.has(id)));
  }

  /**
   * Takes an offer in, or says what breaks the rules. A track that is offered for the first time needs a declaration of
   * its own of the same type, of a source that is allowed now: without one LiveKit would look for a published track
   * that has one of the offer's codecs, and `red` is in voices and pictures alike.
   */
  offer(sections: readonly Section[], sources: ReadonlySet<TrackSource>): Breach | undefined {
    const media = sections.filter(({ kind }) => kind !== 'application');
    if (media.filter(({ sends }) => sends).length > MAX_SENDING) return breach('too many sending m-lines');
    for (const section of sections) {
      const found = this.#checkKind(section) ?? this.#checkIds(typeOfSection(section), section.trackIds);
      if (found) return found;
      this.#mids.set(section.mid, section.kind);
      // Each section is taken in before the next is looked at, so that two sections of one offer conflict, too.
      for (const id of section.trackIds) this.#types.set(id, typeOfSection(section));
    }
    for (const section of media.filter(({ sends }) => sends)) {
      const found = this.#claim(section, sources);
      if (found) return found;
    }
    return undefined;
  }

  #checkKind({ mid, kind }: Section): Breach | undefined {
    const known = this.#mids.get(mid);
    if (known !== undefined && known !== kind) return breach('kind of an m-line changed');
    const isFull = known === undefined && this.#mids.size >= MAX_IDS;
    return isFull ? { reason: 'too many m-lines', anew: true } : undefined;
  }

  #claim(section: Section, sources: ReadonlySet<TrackSource>): Breach | undefined {
    const type = typeOfSection(section);
    for (const id of section.trackIds.filter((name) => !this.#offered.has(name))) {
      const isAllowed = this.#alive().some((track) => track.type === type && sources.has(track.source));
      if (!isAllowed || this.#offers[type] >= this.#declarations[type]) {
        return { reason: 'track offered without a declaration', anew: true };
      }
      this.#offers[type] += 1;
      this.#offered.add(id);
    }
    return undefined;
  }

  #alive(): Declared[] {
    return [...this.#declared.values()].flat();
  }

  /** The media server's `trackPublished`: tells the sid of a declaration. Returns whether the client declared it as muted. */
  published(cid: string, info: TrackInfo): { readonly isSelfMuted: boolean } {
    const list = this.#declared.get(cid) ?? [];
    const own = list.filter(({ sid }) => sid === undefined || sid === info.sid);
    for (const track of own) track.sid = info.sid;
    this.#remember(info);
    return { isSelfMuted: own.length > 0 && own.every((track) => track.isSelfMuted) };
  }

  /** The media server's list of the participant's own tracks: those that it no longer holds are gone. */
  listed(infos: readonly TrackInfo[]): void {
    const sids = new Set(infos.map(({ sid }) => sid));
    for (const info of infos) this.#remember(info);
    for (const track of this.#alive()) {
      if (track.sid !== undefined && sids.has(track.sid)) track.isListed = true;
    }
    this.#forget(({ sid, isListed }) => isListed && sid !== undefined && !sids.has(sid));
  }

  /** The media server's `trackUnpublished`. */
  unpublished(sid: string): void {
    this.#forget((track) => track.sid === sid);
  }

  #remember({ sid, type, source }: TrackInfo): void {
    if (this.#bySid.size < MAX_IDS) this.#bySid.set(sid, { type, source });
  }

  #forget(isGone: (track: Declared) => boolean): void {
    for (const [cid, list] of this.#declared) {
      const kept = list.filter((track) => !isGone(track));
      for (const { sid } of list.filter(isGone)) if (sid !== undefined) this.#bySid.delete(sid);
      if (kept.length > 0) this.#declared.set(cid, kept);
      else this.#declared.delete(cid);
    }
  }

  /** The tracks that the media server has named and that are not gone. */
  sids(): string[] {
    return [...this.#bySid.keys()];
  }

  /** The participant's own track with this sid. */
  known(sid: string): KnownTrack | undefined {
    return this.#bySid.get(sid);
  }
}

/** What contradicts itself in the media server's word on one of the participant's own tracks. */
export function contradiction(info: TrackInfo): string | undefined {
  if (!isPair(info.type, info.source)) return 'track of a source that does not fit its type';
  const mimes = [info.mimeType, ...info.codecs.map(({ mimeType }) => mimeType)];
  return mimes.some((mime) => isOtherTypesCodec(info.type, mime))
    ? 'track carries another kind than it says'
    : undefined;
}
