import { randomInt } from 'node:crypto';
import type { Codec, Kind } from '../media/media-peer.ts';
import type { Track } from '../rooms/state.ts';
import type { SectionUse } from '../sdp/description.ts';

/** A section in which a client receives: one m-line, used by one track after the other. */
export interface Slot {
  readonly mid: string;
  readonly kind: Kind;
  /**
   * `ending`: its track is not sent any more; a description without it must reach the client before the next track, or
   * the client would not notice that there is another. `ended`: it is on its way.
   */
  state: 'free' | 'bound' | 'ending' | 'ended';
  track: Track | undefined;
  /** Ours, new for each track. */
  ssrc: number;
  /** Packets of the track are sent in it. */
  isSent: boolean;
}

/** The sections in which one client receives, and what is in them. */
export class Slots {
  readonly #slots = new Map<string, Slot>();
  /** Tracks that the client cannot receive. */
  readonly #refused = new Set<string>();

  get size(): number {
    return this.#slots.size;
  }

  all(): Slot[] {
    return [...this.#slots.values()];
  }

  get(mid: string): Slot | undefined {
    return this.#slots.get(mid);
  }

  of(trackSid: string): Slot | undefined {
    return this.all().find(({ state, track }) => state === 'bound' && track?.sid === trackSid);
  }

  /** Adds a section; one that is known stays as it is. */
  add(mid: string, kind: Kind): Slot {
    const known = this.#slots.get(mid);
    if (known) return known;
    const slot: Slot = { mid, kind, state: 'free', track: undefined, ssrc: 0, isSent: false };
    this.#slots.set(mid, slot);
    return slot;
  }

  /** The client does not receive in this section any more. Answers the sid of the track that was sent in it. */
  remove({ mid, state, track }: Slot): string | undefined {
    this.#slots.delete(mid);
    return state === 'bound' ? track?.sid : undefined;
  }

  /** Gives up the slots of tracks that are wanted no more; answers those tracks' sids. */
  release(wanted: ReadonlyMap<string, Track>): string[] {
    const given = this.all().filter(
      ({ state, track }) => state === 'bound' && track && !wanted.has(track.sid),
    );
    for (const slot of given) slot.state = 'ending';
    for (const sid of this.#refused) if (!wanted.has(sid)) this.#refused.delete(sid);
    return given.flatMap(({ track }) => track?.sid ?? []);
  }

  /** What is wanted, can be received and has no slot yet. */
  waiting(wanted: ReadonlyMap<string, Track>): Track[] {
    const bound = new Set(
      this.all().flatMap(({ state, track }) => (state === 'bound' && track ? track.sid : [])),
    );
    return [...wanted.values()].filter(({ sid }) => !bound.has(sid) && !this.#refused.has(sid));
  }

  /** Sections that are missing for what waits. */
  missing(wanted: ReadonlyMap<string, Track>): Record<Kind, number> {
    const count = { audio: 0, video: 0 };
    for (const { kind } of this.waiting(wanted)) count[kind] += 1;
    for (const { kind, state } of this.#slots.values()) if (state === 'free') count[kind] -= 1;
    return { audio: Math.max(0, count.audio), video: Math.max(0, count.video) };
  }

  /** Whether the client must be told of a change. */
  needsTelling(wanted: ReadonlyMap<string, Track>): boolean {
    return this.all().some(({ state }) => state === 'ending') || this.waiting(wanted).length > 0;
  }

  /** Puts what waits into free slots. `takes`: whether the client can receive the codec there. Answers what it cannot. */
  fill(wanted: ReadonlyMap<string, Track>, takes: (slot: Slot, codec: Codec) => boolean): Track[] {
    const refused: Track[] = [];
    for (const track of this.waiting(wanted)) {
      const slot = this.all().find(({ state, kind }) => state === 'free' && kind === track.kind);
      if (!slot || track.codec === undefined) continue;
      if (takes(slot, track.codec)) bind(slot, track);
      else refused.push(track);
    }
    for (const track of refused) this.refuse(track);
    return refused;
  }

  /** The client cannot receive it: it is not tried again. */
  refuse({ sid }: Track): void {
    this.#refused.add(sid);
    const slot = this.of(sid);
    if (slot) slot.state = 'ending';
  }

  /** For a description to be written now. */
  use({ state, track, ssrc }: Slot): (SectionUse & { use: 'send' }) | undefined {
    if (state !== 'bound' || track?.codec === undefined) return undefined;
    return {
      ...{ use: 'send', codec: track.codec, ssrc },
      ...{ participantSid: track.owner.sid, trackSid: track.sid },
    };
  }

  /** By mid, the track in each section: what descriptions are sent with. */
  tracks(): Record<string, string> {
    const bound = this.all().filter(({ state }) => state === 'bound');
    return Object.fromEntries(bound.map(({ mid, track }) => [mid, track?.sid ?? '']));
  }

  /** A description was written: what ended is on its way to the client. */
  written(): void {
    for (const slot of this.#slots.values()) if (slot.state === 'ending') slot.state = 'ended';
  }

  /** The last description that was written is the client's now. */
  settled(): void {
    for (const slot of this.#slots.values()) {
      if (slot.state === 'ended') Object.assign(slot, { state: 'free', track: undefined, isSent: false });
    }
  }
}

function bind(slot: Slot, track: Track): void {
  Object.assign(slot, { state: 'bound', track, isSent: false });
  // 0 and the highest are left out: some receivers take them for none.
  slot.ssrc = randomInt(1, 2 ** 32 - 1);
}
