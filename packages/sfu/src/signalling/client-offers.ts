import { SessionDescription, SignalTarget } from '@livekit/protocol';
import { publishTrack, unpublishTrack } from '../rooms/publish.ts';
import type { Participant, Track } from '../rooms/state.ts';
import { tell } from '../rooms/tell.ts';
import {
  type Description,
  type MediaSection,
  readDescription,
  type SectionUse,
  writeAnswer,
} from '../sdp/index.ts';
import type { LocalParameters, Transport } from '../transport/transport.ts';
import { type Binding, bindTracks } from './bind-tracks.ts';
import { tellCandidates } from './candidates.ts';
import type { ClientSections } from './client-sections.ts';

/** Offers of one client that wait for their answer; browsers send the next one after the answer. */
const MOST_WAITING = 16;

export interface ClientOffersDeps {
  readonly participant: Participant;
  /** The connection on which the client offers; made with its first offer. */
  transport(): Transport;
  /** Where the client receives on the same connection (`/rtc/v1`). */
  readonly receiving: ClientSections | undefined;
  now(): number;
  /** The client offered what cannot be answered: `anew` where a new join may help it. */
  fail(why: string, anew: boolean): void;
}

/** The connection on which the client offers and we answer: its tracks, and with one connection also what it receives. */
export class ClientOffers {
  readonly #deps: ClientOffersDeps;
  /** The client's tracks by the section that brought them. */
  readonly #bound = new Map<string, Track>();
  /** What `media` was told of each track, so that it is told again only of changes. */
  readonly #received = new Map<string, string>();
  #waiting = 0;
  #tail: Promise<void> = Promise.resolve();
  #fingerprint: string | undefined;
  #isOver = false;
  #hasCandidates = false;

  constructor(deps: ClientOffersDeps) {
    this.#deps = deps;
  }

  /** Each offer is answered with its own id, one after the other. */
  push(offer: SessionDescription): void {
    if (this.#waiting >= MOST_WAITING) {
      this.#deps.fail('too many offers at once', false);
      return;
    }
    this.#waiting += 1;
    this.#tail = this.#tail
      .then(() => (this.#isOver ? undefined : this.#answer(offer)))
      .catch((error: unknown) => this.#deps.fail(`offer: ${String(error)}`, true))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  close(): void {
    this.#isOver = true;
  }

  async #answer({ type, sdp, id }: SessionDescription): Promise<void> {
    const { participant, transport, fail } = this.#deps;
    if (type !== 'offer') return fail(`an offer of type ${type}`, false);
    const read = readDescription(sdp);
    if ('refusal' in read) return fail(`offer: ${read.refusal}`, false);
    const { description } = read;
    if (description.sections.length > participant.room.limits.sections) {
      return fail(
        `an offer of more than ${participant.room.limits.sections} m-lines; LiveKit takes more`,
        false,
      );
    }
    const { fingerprint } = description.parameters;
    this.#fingerprint ??= fingerprint;
    // A resume brings another ufrag, and goes on; another certificate is another client.
    if (this.#fingerprint !== fingerprint) return fail('an offer of another peer connection', true);
    const local = await transport().accept(description.parameters);
    if (!this.#isOver) this.#answerNow(description, local, id);
  }

  #answerNow(offer: Description, local: LocalParameters, id: number): void {
    const { participant, receiving, now } = this.#deps;
    const { bindings, ended } = bindTracks(offer, this.#bound, participant.tracks.values());
    for (const track of ended) unpublishTrack(track, true);
    this.#bound.clear();
    const uses = new Map<string, SectionUse>();
    for (const { section, track, codec } of bindings) {
      this.#bound.set(section.mid, track);
      uses.set(section.mid, { use: 'receive', codec, rids: section.rids });
    }
    receiving?.offered(offer.sections.filter(isReceiving), uses);
    const sdp = writeAnswer({ offer, local, uses });
    const midToTrackId = receiving?.slots.tracks() ?? {};
    for (const binding of bindings) this.#receive(binding);
    tell(participant, {
      case: 'answer',
      value: new SessionDescription({ type: 'answer', sdp, id, midToTrackId }),
    });
    if (!this.#hasCandidates)
      tellCandidates(participant, local, SignalTarget.PUBLISHER, offer.sections[0]?.mid);
    this.#hasCandidates = true;
    for (const { section, track, codec } of bindings) {
      if (track.codec !== undefined) continue;
      publishTrack(track, { mid: section.mid, codec, isSimulcast: section.rids.length > 1, nowMs: now() });
    }
    receiving?.answered();
  }

  #receive({ section, track, codec }: Binding): void {
    const { mid, kind, rids, ssrcs, extensions, payloadTypes } = section;
    const payloadType = payloadTypes.get(codec) ?? 0;
    const received = { trackSid: track.sid, mid, kind, codec, payloadType, rids, ssrcs, extensions };
    const text = JSON.stringify(received);
    if (this.#received.get(track.sid) === text) return;
    for (const sid of this.#received.keys()) if (!track.owner.tracks.has(sid)) this.#received.delete(sid);
    this.#received.set(track.sid, text);
    track.owner.media.receive(received);
    track.owner.media.setMuted(track.sid, track.info.muted);
  }
}

const isReceiving = (section: Description['sections'][number]): section is MediaSection =>
  section.kind !== 'application' &&
  !section.isRejected &&
  (section.direction === 'recvonly' || section.direction === 'sendrecv');
