import type { Readable } from 'node:stream';
import type { SessionId } from '@callgate/contract';
import type { SignalResponse } from '@livekit/protocol';
import type { WebSocket } from 'ws';
import type { DoorConnection } from '../features/media/index.ts';
import { type Connection, rehide } from './connection.ts';
import type { Dialled } from './dial.ts';
import { judgeRequest, type ReceivedRequest, readRequest } from './from-client.ts';
import { imposeMutes } from './impose-mutes.ts';
import { leaveMessage } from './leave.ts';
import { kindOfSource, type MediaKind, type MediaView, NOTHING_ALLOWED } from './media-view.ts';
import { createPace } from './pace.ts';
import type { Reading } from './reading-line.ts';
import { encodeRequest, encodeResponse } from './signal-codec.ts';
import { judgeResponse } from './to-client.ts';
import { type Closing, muteOrder, type ServerVerdict } from './verdict.ts';

/** Messages of a client that wait to be judged; more, and it is not read until they are through. */
const MOST_WAITING = 64;
/** Bytes that may wait for a slow client; more, and it must connect anew. */
const MOST_BUFFERED = 4 * 1024 * 1024;
/** Clients speak in binary frames. */
const TEXT = { close: { reason: 'text message', mayReconnect: false } };
/** What `ws` says of a message that is longer than the door reads. */
const TOO_LONG = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
/** Between two reminders of an order to mute, in milliseconds; livekit-client has its publication within one or two. */
const REMIND_MS = 300;
/** After our `leave` a client has this long to close by itself, in milliseconds. */
const CLOSE_MS = 500;

/**
 * `left`: the client said that it leaves. `breach`: it did what no honest client does. `anew`: it was told to join in full, and
 * what the media server holds of it must go. `cut`: anything else; the client may take it up again.
 */
export type ClosedHow = 'left' | 'breach' | 'anew' | 'cut';

export interface RelayDeps {
  sessionId: SessionId;
  /** What is known of the participant; it outlives this connection. */
  participant: Connection;
  /** What the person may do now, in a new snapshot. */
  readView(): Promise<MediaView>;
  /** Clears the record of the person's mute; false: they may not unmute. */
  unmute(kind: MediaKind): Promise<boolean>;
  /** A fresh join token for the same session. */
  freshToken(): string;
  /** Counts what was dropped or refused, by a name of a fixed set. */
  count(what: string): void;
  /** What the client's bytes come by, before anything is made of them. */
  source: Readable;
  /** Stands in line for a client that sends much. */
  queue(go: () => void): Reading;
  /** Removes the participant from the media server; the session stays. */
  drop(): Promise<void>;
  /** Once, when nothing more is relayed. */
  onClosed(how: ClosedHow): void;
  onError(error: unknown): void;
}

/** One client behind the door: relays what the judge lets through, in order, until one side or an act ends it. */
export class Relay implements DoorConnection {
  readonly sessionId: SessionId;
  readonly #deps: RelayDeps;
  readonly #client: WebSocket;
  readonly #upstream: WebSocket;
  /** What the client sent, one after the other. */
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  readonly #pace = createPace();
  readonly #reading: Reading;
  #isSlowed = false;
  #isInLine = false;
  #isReminding = false;
  #view: MediaView;
  #over = false;
  #how: ClosedHow = 'cut';

  constructor(client: WebSocket, upstream: WebSocket, view: MediaView, deps: RelayDeps) {
    this.sessionId = deps.sessionId;
    this.#client = client;
    this.#upstream = upstream;
    this.#view = view;
    this.#deps = deps;
    this.#reading = deps.queue(() => {
      this.#isInLine = false;
      this.#readOn();
    });
  }

  /** The socket closes by itself after it; the client may come back. */
  #broken(error: Error & { code?: string }): void {
    if (this.#over || !error.code?.startsWith('WS_ERR')) return;
    this.#deps.count(error.code === TOO_LONG ? 'closed: message too long' : 'closed: frame malformed');
  }

  /** Step (e): the first message of the media server, and from now on everything. */
  begin({ first, takeOver }: Pick<Dialled, 'first' | 'takeOver'>, also: readonly SignalResponse[]): void {
    this.#client.on('error', (error) => this.#broken(error));
    this.#client.on('message', (bytes, isBinary) => this.#received(bytes as Buffer, isBinary));
    this.#client.once('close', () => this.#end());
    this.#deps.source.on('data', ({ length }: Buffer) => this.#arrived(length));
    this.#answered(first);
    for (const message of also) this.#send(message);
    takeOver(
      (bytes) => this.#answered(bytes),
      () => void this.close('media_lost'),
    );
    if (this.#client.readyState !== this.#client.OPEN) this.#end();
  }

  /** Resolves at once: nothing is relayed any more. */
  async close(why: string): Promise<void> {
    if (this.#over) return;
    this.#sayLeave(why);
    this.#end();
  }

  /** Our own last message. */
  #sayLeave(why: string): void {
    this.#send(leaveMessage(why));
    this.#client.close(1000);
    const { terminate } = this.#client;
    setTimeout(() => terminate.call(this.#client), CLOSE_MS).unref();
  }

  async refresh(): Promise<number> {
    let silenced = 0;
    await this.#inTurn(async () => {
      this.#view = await this.#deps.readView();
      if (this.#isEnded()) return;
      this.#carryOut(rehide(this.#deps.participant, this.#view));
      const muted = imposeMutes(this.#deps.participant, this.#view);
      silenced = muted.upstream?.length ?? 0;
      this.#carryOut(muted);
    });
    return silenced;
  }

  published(): readonly MediaKind[] {
    const { tracks } = this.#deps.participant;
    return tracks.sids().flatMap((sid) => kindOfSource(tracks.known(sid)?.source ?? 0) ?? []);
  }

  /** The client's side: one message after the other, each judged by what holds when it is its turn. */
  #received(bytes: Buffer, isBinary: boolean): void {
    if (this.#over) return;
    const read = isBinary ? readRequest(this.#deps.participant, bytes) : TEXT;
    if ('close' in read) {
      this.#breach(read.close);
      return;
    }
    this.#waiting++;
    this.#slowDown(this.#pace.take(bytes.length));
    void this.#inTurn(() => this.#judge(read)).then(() => {
      this.#waiting--;
      this.#readOn();
    });
  }

  /** Bytes of a message that may be long: whoever sends much is read in turns, before the message is whole. */
  #arrived(bytes: number): void {
    if (this.#over || this.#reading.take(bytes)) return;
    if (!this.#isInLine) this.#deps.count('stood in line');
    this.#isInLine = true;
    this.#client.pause();
  }

  /** What a client sends faster than it may waits in its own socket: nobody else waits for it. */
  #slowDown(pauseMs: number): void {
    if (this.#waiting >= MOST_WAITING || pauseMs > 0) this.#client.pause();
    if (pauseMs === 0 || this.#isSlowed) return;
    this.#isSlowed = true;
    this.#deps.count('slowed down');
    setTimeout(() => {
      this.#isSlowed = false;
      this.#readOn();
    }, pauseMs).unref();
  }

  #readOn(): void {
    const isHeldUp = this.#isSlowed || this.#isInLine || this.#waiting >= MOST_WAITING / 2;
    if (!isHeldUp) this.#client.resume();
  }

  async #judge(received: ReceivedRequest): Promise<void> {
    if (this.#over) return;
    const { participant, readView, unmute, count } = this.#deps;
    if (received.needsView) {
      this.#view = await readView();
      if (this.#isEnded()) return count('dropped: session is over');
    }
    const verdict = judgeRequest(participant, received, this.#view);
    if (verdict.unmutes && !(await unmute(verdict.unmutes.kind))) return;
    if (this.#over) return;
    if (verdict.dropped !== undefined) count(`dropped: ${verdict.dropped}`);
    if (verdict.close) return this.#breach(verdict.close);
    if (verdict.relay) this.#upstream.send(encodeRequest(verdict.relay));
    for (const answer of verdict.answer ?? []) this.#send(answer);
    if (received.message.case === 'leave') this.#how = 'left';
    this.#remindLater();
  }

  /** Whoever ended the session closes the connection, with the reason: nothing is said here before. */
  #isEnded(): boolean {
    return this.#view === NOTHING_ALLOWED;
  }

  /**
   * An order to mute is lost at livekit-client while it has no publication yet, and nothing else may come for a while: it is
   * told again until the client follows it.
   */
  #remindLater(): void {
    const { mutes } = this.#deps.participant;
    if (this.#isReminding || this.#over || !mutes.hasReminders) return;
    this.#isReminding = true;
    setTimeout(() => {
      this.#isReminding = false;
      if (this.#over) return;
      for (const sid of mutes.reminders()) this.#send(muteOrder(sid));
      this.#remindLater();
    }, REMIND_MS).unref();
  }

  #answered(bytes: Uint8Array): void {
    if (this.#over) return;
    const { participant, freshToken } = this.#deps;
    const verdict = judgeResponse(participant, bytes, { refreshToken: freshToken });
    this.#carryOut(verdict);
    const told = verdict.relay?.message.case;
    // Declared before the mute was known here, and named by the media server only now.
    if (told === 'trackPublished') this.#carryOut(imposeMutes(participant, this.#view));
    // The media server's last word: nothing comes after it.
    if (told === 'leave') this.#client.close(1000);
  }

  #carryOut(verdict: ServerVerdict): void {
    if (this.#over) return;
    if (verdict.dropped !== undefined) this.#deps.count(`dropped: ${verdict.dropped}`);
    if (verdict.close) {
      this.#breach(verdict.close);
      return;
    }
    if (verdict.relay) this.#send(verdict.relay);
    for (const message of verdict.also ?? []) this.#send(message);
    for (const request of verdict.upstream ?? []) this.#upstream.send(encodeRequest(request));
    this.#remindLater();
  }

  /** A breach ends the connection; what the media server holds of a hostile one goes with the session. */
  #breach({ reason, mayReconnect }: Closing): void {
    this.#deps.count(`closed: ${reason}`);
    if (mayReconnect) {
      this.#joinAnew();
      return;
    }
    this.#how = 'breach';
    void this.close('breach');
  }

  /**
   * The client joins in full, by the same name at the media server: what is there of it goes first, or the removal could
   * hit its successor.
   */
  #joinAnew(): void {
    if (this.#over) return;
    this.#how = 'anew';
    this.#end();
    const sayLeave = (): void => this.#sayLeave('rejoin');
    void this.#deps.drop().then(sayLeave, (error: unknown) => {
      this.#deps.onError(error);
      sayLeave();
    });
  }

  #send(message: SignalResponse): void {
    if (this.#client.readyState !== this.#client.OPEN) return;
    this.#client.send(encodeResponse(message));
    if (this.#client.bufferedAmount > MOST_BUFFERED) {
      this.#deps.count('closed: reads too slowly');
      this.#client.terminate();
    }
  }

  #inTurn(work: () => void | Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(work).catch((error: unknown) => {
      this.#deps.onError(error);
      // What the person may do cannot be read: nothing of theirs is relayed on a guess.
      this.#joinAnew();
    });
    return this.#tail;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#reading.leave();
    this.#upstream.removeAllListeners('message');
    this.#upstream.close(1000);
    setTimeout(() => this.#upstream.terminate(), CLOSE_MS).unref();
    this.#deps.onClosed(this.#how);
  }
}
