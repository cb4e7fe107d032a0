import { MediaSectionsRequirement } from '@livekit/protocol';
import type { Codec } from '../media/media-peer.ts';
import type { Participant } from '../rooms/state.ts';
import { tell } from '../rooms/tell.ts';
import type { MediaSection, SectionUse } from '../sdp/index.ts';
import { type Receiving, sendIn, stopUnwanted, tellUnsupported } from './receiving.ts';
import { type Slot, Slots } from './slots.ts';
import type { Wishes } from './wishes.ts';

/**
 * Receiving with one connection: only the client offers, so it is asked for an offer, with as many sections more as are
 * missing (`mediaSectionsRequirement`; with none it offers what it has).
 */
export class ClientSections implements Receiving {
  readonly slots = new Slots();
  readonly #participant: Participant;
  readonly #wishes: Wishes;
  /** As the last offer has them, by mid. */
  #sections = new Map<string, MediaSection>();
  /** Sections that the client was asked for, and has not offered yet. */
  readonly #asked = { audio: 0, video: 0 };
  /** The client was asked and has not offered since. */
  #isAsked = false;
  #willAsk = false;

  constructor(participant: Participant, wishes: Wishes) {
    this.#participant = participant;
    this.#wishes = wishes;
  }

  wantsChanged(): void {
    stopUnwanted(this.#participant, this.slots);
    this.#askSoon();
  }

  resumed(): void {
    Object.assign(this.#asked, { audio: 0, video: 0 });
    this.#isAsked = false;
    this.#askSoon();
  }

  /** An offer with these sections is being answered: what each is used for goes into `uses`. */
  offered(sections: readonly MediaSection[], uses: Map<string, SectionUse>): void {
    const { wanted } = this.#participant;
    this.#sections = new Map(sections.map((section) => [section.mid, section]));
    this.#isAsked = false;
    for (const slot of this.slots.all()) {
      if (this.#sections.has(slot.mid) && !uses.has(slot.mid)) continue;
      // The client sends in it now, or receives in it no more: the track is to have another.
      const sid = this.slots.remove(slot);
      if (sid !== undefined) this.#participant.media.stopSending(sid);
    }
    for (const { mid, kind } of sections) {
      if (uses.has(mid) || this.slots.get(mid)) continue;
      this.slots.add(mid, kind);
      this.#asked[kind] = Math.max(0, this.#asked[kind] - 1);
    }
    const takes = ({ mid }: Slot, codec: Codec): boolean =>
      this.#sections.get(mid)?.payloadTypes.has(codec) === true;
    for (const track of this.slots.fill(wanted, takes)) tellUnsupported(this.#participant, track);
    for (const slot of this.slots.all()) {
      const use = this.slots.use(slot);
      if (use) uses.set(slot.mid, use);
    }
    this.slots.written();
  }

  /** The answer is on its way to the client. */
  answered(): void {
    for (const slot of this.slots.all()) {
      const section = this.#sections.get(slot.mid);
      if (slot.state === 'bound' && !slot.isSent && section) {
        sendIn(this.#participant, this.#wishes, slot, section);
      }
    }
    this.slots.settled();
    this.#askSoon();
  }

  /** What changes in one go is asked for once. */
  #askSoon(): void {
    if (this.#willAsk) return;
    this.#willAsk = true;
    setImmediate(() => {
      this.#willAsk = false;
      this.#ask();
    });
  }

  #ask(): void {
    const { wanted, room } = this.#participant;
    // Before its first offer the client is about to send one.
    if (this.#sections.size === 0 || !this.slots.needsTelling(wanted)) return;
    const missing = this.slots.missing(wanted);
    const asked = this.#asked.audio + this.#asked.video;
    const left = Math.max(0, room.limits.sections - this.#sections.size - asked);
    const numAudios = Math.min(Math.max(0, missing.audio - this.#asked.audio), left);
    const numVideos = Math.min(Math.max(0, missing.video - this.#asked.video), left - numAudios);
    if (this.#isAsked && numAudios + numVideos === 0) return;
    this.#isAsked = true;
    this.#asked.audio += numAudios;
    this.#asked.video += numVideos;
    tell(this.#participant, {
      case: 'mediaSectionsRequirement',
      value: new MediaSectionsRequirement({ numAudios, numVideos }),
    });
  }
}
