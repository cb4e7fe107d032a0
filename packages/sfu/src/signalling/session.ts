import {
  DisconnectReason,
  LeaveRequest,
  LeaveRequest_Action,
  type SessionDescription,
  SignalTarget,
  type TrickleRequest,
} from '@livekit/protocol';
import { createDataPace, routeData } from '../rooms/data.ts';
import { activate, leave } from '../rooms/enter.ts';
import { isGone, type Participant, type ParticipantConnection } from '../rooms/state.ts';
import type { DataLabel, Transport, TransportHandlers, Transports } from '../transport/transport.ts';
import { readCandidate } from './candidates.ts';
import { ClientOffers } from './client-offers.ts';
import { ClientSections } from './client-sections.ts';
import { OurOffers } from './our-offers.ts';
import type { SignalSocket } from './signal-socket.ts';
import { Wishes } from './wishes.ts';

/** LiveKit hands out a fresh token every five minutes. */
const TOKEN_EVERY_MS = 5 * 60_000;

export interface SessionDeps {
  readonly transports: Transports;
  now(): number;
  monotonic(): number;
  /** Counts what was dropped or refused, by a name of a fixed set. */
  count(what: string): void;
  /** Why a client was sent away, for the log; holds nothing secret. */
  note(what: string): void;
}

export interface SessionKind {
  /** One connection, on which only the client offers. */
  readonly isSingle: boolean;
  /** With two connections: the client waits for our offer. */
  readonly isSubscriberPrimary: boolean;
}

/** A participant's connection: its transports, and the socket that it has now. It outlives sockets. */
export class Session implements ParticipantConnection {
  readonly participant: Participant;
  readonly wishes: Wishes;
  readonly #deps: SessionDeps;
  readonly #kind: SessionKind;
  readonly #offers: ClientOffers;
  readonly #sections: ClientSections | undefined;
  #ours: OurOffers | undefined;
  #publisher: Transport | undefined;
  #subscriber: Transport | undefined;
  readonly #open = new Set<'publisher' | 'subscriber'>();
  #socket: SignalSocket | undefined;
  #tokenMs: number;

  constructor(participant: Participant, kind: SessionKind, deps: SessionDeps) {
    this.participant = participant;
    this.#kind = kind;
    this.#deps = deps;
    this.#tokenMs = deps.monotonic();
    this.wishes = new Wishes(participant);
    this.#sections = kind.isSingle ? new ClientSections(participant, this.wishes) : undefined;
    this.#offers = new ClientOffers({
      participant,
      receiving: this.#sections,
      transport: () => this.#publisherTransport(),
      now: deps.now,
      fail: (why, anew) => this.fail(why, anew),
    });
  }

  get isSingle(): boolean {
    return this.#kind.isSingle;
  }

  /** The socket of a join or of a resume; a former one is closed without a word. */
  attach(socket: SignalSocket): void {
    this.#socket?.close();
    this.#socket = socket;
  }

  /** Its `join` is sent: with two connections ours is offered at once where the client waits for it. */
  begin(): void {
    if (this.#kind.isSubscriberPrimary) this.#subscriberOffers().begin();
  }

  /** Its `reconnect` is sent: whatever was told last may be lost. */
  resumed(): void {
    this.#sections?.resumed();
    this.#ours?.resumed();
  }

  /** A socket closed. Media goes on without; who has none connected is gone. */
  detached(socket: SignalSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    if (this.#open.size === 0) this.leave(DisconnectReason.SIGNAL_CLOSE);
  }

  offer(offer: SessionDescription): void {
    this.#offers.push(offer);
  }

  answer(answer: SessionDescription): void {
    this.#ours?.answered(answer);
  }

  /** Where the client can be reached; browsers may say it before their first offer. */
  trickle(request: TrickleRequest): void {
    const candidate = readCandidate(request);
    if (candidate === undefined) return;
    if (request.target === SignalTarget.PUBLISHER) this.#publisherTransport().hear(candidate);
    else this.#subscriber?.hear(candidate);
  }

  leave(reason: DisconnectReason, action?: LeaveRequest_Action): void {
    leave(this.participant, reason, this.#deps.now(), action);
  }

  /** The client cannot go on: it joins anew where that may help, and is sent away where it broke the protocol. */
  fail(why: string, anew: boolean): void {
    if (isGone(this.participant)) return;
    this.#deps.note(`${this.participant.sid}: ${why}`);
    this.#deps.count(anew ? 'sent to join anew' : 'sent away');
    if (anew) this.leave(DisconnectReason.STATE_MISMATCH, LeaveRequest_Action.RECONNECT);
    else this.leave(DisconnectReason.MEDIA_FAILURE);
  }

  /** Call it every few seconds. */
  look(): void {
    this.#socket?.look();
    this.#ours?.look();
    if (this.#deps.monotonic() - this.#tokenMs < TOKEN_EVERY_MS) return;
    this.#tokenMs = this.#deps.monotonic();
    this.participant.room.refreshToken(this.participant);
  }

  tell(frame: Uint8Array): void {
    this.#socket?.send(frame);
  }

  wantsChanged(): void {
    if (this.#sections) this.#sections.wantsChanged();
    else if (this.#ours || this.participant.wanted.size > 0) this.#subscriberOffers().wantsChanged();
  }

  sendData(label: DataLabel, packet: Uint8Array): boolean {
    const isSent = [this.#subscriber, this.#publisher].some((transport) =>
      transport?.sendData(label, packet),
    );
    if (!isSent) this.#deps.count('dropped: data that a client does not take');
    return isSent;
  }

  end(reason: DisconnectReason, action: LeaveRequest_Action): void {
    this.#offers.close();
    this.#ours?.close();
    this.#publisher?.close();
    this.#subscriber?.close();
    this.participant.media.close();
    const socket = this.#socket;
    this.#socket = undefined;
    // Who left of their own accord needs no answer.
    if (reason !== DisconnectReason.CLIENT_INITIATED)
      socket?.tell({ case: 'leave', value: new LeaveRequest({ reason, action, canReconnect: false }) });
    socket?.close();
  }

  #publisherTransport(): Transport {
    if (!this.#publisher) {
      const { media } = this.participant;
      this.#publisher = this.#deps.transports.create({
        ...this.#handlers('publisher'),
        onRtp: (packet) => media.onRtp(packet),
      });
      media.attachPublisher(this.#publisher);
    }
    return this.#publisher;
  }

  #subscriberOffers(): OurOffers {
    if (!this.#ours) {
      const { participant, wishes } = this;
      // What a client sends here belongs to no track of its own.
      const onRtp = (): void => undefined;
      const handlers = this.#handlers('subscriber');
      this.#subscriber = this.#deps.transports.create({ ...handlers, onRtp });
      participant.media.attachSubscriber(this.#subscriber);
      this.#ours = new OurOffers({
        ...{ participant, wishes, transport: this.#subscriber, monotonic: this.#deps.monotonic },
        fail: (why, anew) => this.fail(why, anew),
      });
    }
    return this.#ours;
  }

  #handlers(which: 'publisher' | 'subscriber'): Omit<TransportHandlers, 'onRtp'> {
    const { participant } = this;
    const { count, now } = this.#deps;
    const { dataPackets, dataBytes } = participant.room.limits;
    const pace = createDataPace(dataPackets, dataBytes);
    return {
      onOpen: () => {
        this.#open.add(which);
        activate(participant);
      },
      onClosed: () => {
        this.#open.delete(which);
        this.#lost();
      },
      onRtcp: (packet) => participant.media.onRtcp(packet),
      onData: (label, bytes) => {
        const isPaced = pace.take(bytes.length, now());
        const dropped = isPaced ? routeData(participant, label, bytes) : 'too fast';
        if (dropped !== undefined) count(`dropped: data ${dropped}`);
      },
    };
  }

  /** A transport ended by itself. With signalling the client joins anew; without it is gone. */
  #lost(): void {
    if (isGone(this.participant)) return;
    if (this.#socket) this.fail('its media connection was lost', true);
    else this.leave(DisconnectReason.CONNECTION_TIMEOUT);
  }
}
