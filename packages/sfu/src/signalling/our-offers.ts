import { SessionDescription, SignalTarget } from '@livekit/protocol';
import type { Participant } from '../rooms/state.ts';
import { tell } from '../rooms/tell.ts';
import { type Description, type OfferedSection, readDescription, writeOffer } from '../sdp/index.ts';
import type { LocalParameters, Transport } from '../transport/transport.ts';
import { tellCandidates } from './candidates.ts';
import { type Receiving, sendIn, stopUnwanted, tellUnsupported } from './receiving.ts';
import { type Slot, Slots } from './slots.ts';
import type { Wishes } from './wishes.ts';

/** How long a client may take for an answer, in milliseconds; then it must join anew. */
const ANSWER_MS = 15_000;

export interface OurOffersDeps {
  readonly participant: Participant;
  readonly wishes: Wishes;
  readonly transport: Transport;
  monotonic(): number;
  fail(why: string, anew: boolean): void;
}

/** Receiving with two connections: we offer on the second, one offer at a time. */
export class OurOffers implements Receiving {
  readonly slots = new Slots();
  readonly #deps: OurOffersDeps;
  #local: LocalParameters | undefined;
  #isOpening = false;
  /** Of the last offer; it rises with each. */
  #id = 0;
  /** When the offer went that has no answer yet. */
  #offeredMs: number | undefined;
  /** Mids of its sections that are in use. */
  #offered: readonly Slot[] = [];
  #mustOffer = false;
  #isAnswered = false;
  #isOver = false;

  constructor(deps: OurOffersDeps) {
    this.#deps = deps;
  }

  /** The first offer, for data alone where nothing is to be sent yet. */
  begin(): void {
    this.#mustOffer = true;
    this.#negotiate();
  }

  wantsChanged(): void {
    stopUnwanted(this.#deps.participant, this.slots);
    if (!this.slots.needsTelling(this.#deps.participant.wanted)) return;
    this.#mustOffer = true;
    this.#negotiate();
  }

  resumed(): void {
    this.#offeredMs = undefined;
    this.begin();
  }

  /** The client takes too long. Call it every few seconds. */
  look(): void {
    if (this.#offeredMs === undefined) return;
    if (this.#deps.monotonic() - this.#offeredMs > ANSWER_MS) this.#deps.fail('no answer to an offer', true);
  }

  close(): void {
    this.#isOver = true;
  }

  #negotiate(): void {
    if (this.#isOver || this.#isOpening || !this.#mustOffer || this.#offeredMs !== undefined) return;
    if (this.#local) {
      this.#offer(this.#local);
      return;
    }
    this.#isOpening = true;
    this.#deps.transport.offer().then(
      (local) => {
        this.#isOpening = false;
        this.#local = local;
        this.#negotiate();
      },
      (error: unknown) => this.#deps.fail(`no connection to send on: ${String(error)}`, true),
    );
  }

  #offer(local: LocalParameters): void {
    const { participant, monotonic } = this.#deps;
    this.#mustOffer = false;
    this.#offeredMs = monotonic();
    this.#fill();
    this.slots.written();
    this.#id += 1;
    this.#offered = this.slots.all().filter((slot) => this.slots.use(slot));
    const sections = this.slots
      .all()
      .map(
        (slot): OfferedSection => ({ mid: slot.mid, kind: slot.kind, use: this.slots.use(slot) ?? 'unused' }),
      );
    const sdp = writeOffer({ local, version: this.#id, sections });
    const midToTrackId = this.slots.tracks();
    tell(participant, {
      case: 'offer',
      value: new SessionDescription({ type: 'offer', sdp, id: this.#id, midToTrackId }),
    });
  }

  /** Sections are ours to add. Mid 0 is the data channels'. */
  #fill(): void {
    const { wanted, room } = this.#deps.participant;
    const missing = this.slots.missing(wanted);
    for (const kind of ['audio', 'video'] as const) {
      for (let left = missing[kind]; left > 0 && this.slots.size < room.limits.sections; left--) {
        this.slots.add(String(this.slots.size + 1), kind);
      }
    }
    this.slots.fill(wanted, () => true);
  }

  /** The client's answer. One to an offer that is not open is dropped; older clients name none (0). */
  answered({ type, sdp, id }: SessionDescription): void {
    if (this.#offeredMs === undefined || (id !== 0 && id !== this.#id)) return;
    const read = type === 'answer' ? readDescription(sdp) : { refusal: 'of another type' };
    if ('refusal' in read) {
      this.#deps.fail(`answer: ${read.refusal}`, false);
      return;
    }
    this.#offeredMs = undefined;
    this.#connect(read.description);
    this.#send(read.description);
    this.slots.settled();
    if (this.slots.needsTelling(this.#deps.participant.wanted)) this.#mustOffer = this.#hasRoom();
    this.#negotiate();
  }

  /**
   * At the first answer. Only now the client is told where to send: when checks of its ICE come before its answer,
   * libdatachannel 0.24 may begin DTLS before it knows the client's fingerprint, and refuses it.
   */
  #connect({ parameters }: Description): void {
    const { participant, transport } = this.#deps;
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    transport.answered(parameters);
    if (this.#local) tellCandidates(participant, this.#local, SignalTarget.SUBSCRIBER);
  }

  /** What waits for a section past the bound waits until one is free. */
  #hasRoom(): boolean {
    const { wanted, room } = this.#deps.participant;
    const { audio, video } = this.slots.missing(wanted);
    const isFree = this.slots.waiting(wanted).length > audio + video;
    return (
      this.slots.size < room.limits.sections ||
      isFree ||
      this.slots.all().some(({ state }) => state === 'ending')
    );
  }

  #send({ sections }: Description): void {
    const { participant, wishes } = this.#deps;
    for (const slot of this.#offered) {
      const section = sections.find(({ mid }) => mid === slot.mid);
      const { track } = slot;
      if (slot.state !== 'bound' || slot.isSent || !track) continue;
      if (section && section.kind !== 'application' && sendIn(participant, wishes, slot, section)) continue;
      this.slots.refuse(track);
      tellUnsupported(participant, track);
    }
  }
}
