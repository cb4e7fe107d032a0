import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CallCid } from '@callgate/contract';
import {
  type EventOrder,
  eventMessage,
  eventsAfter,
  lastPlace,
  type OrderedRow,
} from '../features/events/index.ts';
import type { SessionSelector } from '../features/media/index.ts';
import type { Logger } from '../kernel/logger.ts';
import { createRounds } from '../kernel/rounds.ts';
import type { Cursors } from './cursor.ts';
import { Frame } from './frame.ts';
import { withCursor } from './messages.ts';
import { type Judge, type Refused, refusedNow } from './re-evaluate.ts';
import { recipientsOf } from './recipients.ts';
import type { Registry } from './registry.ts';
import type { SocketSession } from './session.ts';

/** Events read at a time. */
const BATCH = 200;
/** Sends between which the loop does other things: 250 take about 5 ms, most of it in the system call. */
const SENDS_IN_A_TURN = 250;
/** The pause after a failure, in milliseconds. */
const RETRY_MS = 500;

/** Tells the sockets of this process what happens, in the application's order. */
export interface FanOut {
  /** Begins behind the last event that there is. */
  start(): Promise<void>;
  /** The place of the event that is being told, or was told last: a socket that opens now does not hear it live. */
  readonly place: number;
  /** The place up to which everything has been told to everybody: safe to go on behind. */
  readonly told: number;
  /**
   * To everybody who watches the call now and still does once all that is committed by now has been told: whom an act has
   * shut out hears nothing that was sent after it, let in again or not. In no order otherwise, and never again.
   */
  ephemeral(cid: CallCid, text: string): void;
  /** Resolves when everything that is committed by now has been told, and what passes has been sent. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface FanOutDeps extends Judge {
  order: EventOrder;
  registry: Registry;
  cursors: Cursors;
  logger: Pick<Logger, 'error'>;
  /** Ends what an event has ended: the last message that it lets through is the event itself. */
  onRefused(refused: readonly Refused[], row: OrderedRow): Promise<void>;
}

/**
 * One event after the other: recipients as its audience says, then the sockets and watches that its act may have
 * ended are asked of policy, and only then comes the next event. So nobody hears anything that came after the act
 * which took it from them.
 */
export function createFanOut(deps: FanOutDeps): FanOut {
  const { database, order, registry, logger } = deps;
  /** `known`: the last place that there is. */
  const at = { place: 0, told: 0, known: 0 };
  let isClosed = false;
  let isFailing = false;
  const pump = async (): Promise<void> => {
    while (at.told < at.known && !isClosed) {
      // Nobody is there to hear; who comes later begins behind what has its place by now.
      if (registry.size === 0) {
        at.place = at.known;
        at.told = at.known;
        break;
      }
      const rows = await database.read((snapshot) => eventsAfter(snapshot, at.told, BATCH));
      if (rows.length === 0) throw new Error(`the event behind place ${at.told} is not there`);
      for (const row of rows) {
        // First, so that a socket that is opened from here on finds this event among what it missed.
        at.place = Math.max(at.place, row.app_seq);
        await tell(deps, row);
        at.told = row.app_seq;
      }
    }
    isFailing = false;
  };
  const rounds = createRounds(pump, (error) => {
    if (!isFailing) logger.error({ err: error }, 'events could not be sent to sockets; trying again');
    isFailing = true;
    setTimeout(() => rounds.wake(), RETRY_MS).unref();
  });
  /** Many ask at a time: the question whether anything is left to tell is one read for all of them. */
  const everything = createRounds(
    async () => {
      await order.flush();
      await rounds.run();
    },
    () => undefined,
  );
  let stop: (() => void) | undefined;
  return {
    get place() {
      return at.place;
    },
    get told() {
      return at.told;
    },
    async start() {
      const last = await database.read(lastPlace);
      Object.assign(at, { place: last, told: last, known: last });
      stop = order.onOrdered((known) => {
        at.known = Math.max(at.known, known);
        rounds.wake();
      });
    },
    ephemeral(cid, text) {
      const last = registry.watchesBegun;
      // Asked again at each: an act that is told meanwhile may have ended a watch, and another may have begun.
      const isWatching = (session: SocketSession) =>
        (session.since.get(cid) ?? Number.POSITIVE_INFINITY) <= last && !session.unconfirmed.has(cid);
      void everything.run().then(
        () => (isClosed ? undefined : inTurns([...registry.ofCall(cid)], new Frame(text), isWatching)),
        (error: unknown) => logger.error({ err: error }, 'an event that passes could not be sent'),
      );
    },
    settled: () => everything.run(),
    async close() {
      stop?.();
      isClosed = true;
      await rounds.run();
    },
  };
}

/** Can be done again after a failure: who has been told is not told twice. */
async function tell(deps: FanOutDeps, row: OrderedRow): Promise<void> {
  const { registry, cursors } = deps;
  const sessions = await recipientsOf(deps, registry, row);
  if (sessions.size > 0) {
    const message = new Frame(withCursor(eventMessage(row), cursors.of(row.app_seq)));
    await inTurns(sessions, message, (session) => {
      if (session.place >= row.app_seq) return false;
      session.place = row.app_seq;
      return true;
    });
  }
  if (row.concerns === null) return;
  const refused = await refusedNow(deps, registry, JSON.parse(row.concerns) as SessionSelector[]);
  if (refused.length > 0) await deps.onRefused(refused, row);
}

/** Sends to those who are due when it is their turn, and lets the loop do other things in between. */
async function inTurns(
  sessions: Iterable<SocketSession>,
  message: Frame,
  isDue: (session: SocketSession) => boolean,
): Promise<void> {
  let sent = 0;
  for (const session of sessions) {
    if (!isDue(session)) continue;
    session.send(message);
    if (++sent % SENDS_IN_A_TURN === 0) await nextTurn();
  }
}
