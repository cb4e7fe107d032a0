import { closeLostConnections, dropConnections, reopenLostConnections } from '../features/watching/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError } from '../kernel/errors.ts';
import type { Database } from '../storage/database.ts';
import { claimLease, dropLeases, releaseLease } from '../storage/leases.store.ts';
import type { Cursors } from './cursor.ts';
import type { EndSession } from './endings.ts';
import type { FanOut } from './fan-out.ts';
import type { Ledger } from './ledger.ts';
import { healthCheck } from './messages.ts';
import type { Registry } from './registry.ts';
import { RESUME_MS } from './resume.ts';
import { CLOSE, type CloseCode, type SocketSession } from './session.ts';

/** A client is asked for a sign of life this often, and closed after so much silence, in milliseconds. */
const CHECK_MS = 30_000;
const SILENCE_MS = 60_000;
const TICK_MS = 1_000;
/** Of whom a socket is open it is written down this often that they are there, in milliseconds. */
const SEEN_MS = 5 * 60_000;
/** A process that does not prolong its lease for so long has crashed: its connections may be resumed elsewhere. */
const LEASE_MS = 20_000;
const PROLONG_MS = 5_000;
/** What the lease of a process is named, with an id of its own behind. */
export const NODE_PREFIX = 'sockets:';
/** Messages that a client may send between two checks: it has nothing to say but that it is well. */
const MOST_MESSAGES = 60;

export interface Health {
  /** Closes what crashed processes left open. */
  start(): Promise<void>;
  heard(session: SocketSession): void;
  tick(): Promise<void>;
  close(): Promise<void>;
}

export function createHealth(deps: {
  database: Database;
  clock: Clock;
  registry: Registry;
  fanOut: FanOut;
  cursors: Cursors;
  ledger: Ledger;
  node: string;
  end: EndSession;
}): Health {
  const { database, clock, registry, fanOut, cursors, ledger, node, end } = deps;
  const said = new WeakMap<SocketSession, number>();
  let prolongedAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const prolong = async (): Promise<void> => {
    const now = clock.now();
    if (now - prolongedAt < PROLONG_MS) return;
    prolongedAt = now;
    await database.write(async (tx) => {
      await claimLease(tx, { name: node, holder: node, now, ttlMs: LEASE_MS });
      await reopenLostConnections(tx, node);
      await closeLostConnections(tx, now);
      await dropConnections(tx, now - RESUME_MS);
      await dropLeases(tx, NODE_PREFIX, now - RESUME_MS);
    });
  };

  /** Why the socket is over: its token ran out, or the client is silent. */
  const overBecause = (session: SocketSession, now: number): [CloseCode, ApiError] | undefined => {
    if (session.expiresAt !== null && session.expiresAt <= now) {
      return [CLOSE.expired, new ApiError('token_expired', 'token has expired; connect with a new one')];
    }
    if (now - session.heardAt < SILENCE_MS) return undefined;
    return [CLOSE.silent, new ApiError('request_timeout', 'no sign of life for 60 s')];
  };

  const check = (session: SocketSession, now: number): void => {
    const over = overBecause(session, now);
    if (over) end(session, ...over);
    if (over || now - session.checkedAt < CHECK_MS) return;
    session.checkedAt = now;
    said.delete(session);
    // What is being told now may have reached this one already.
    const cursor = cursors.of(Math.max(fanOut.told, session.place));
    session.send(healthCheck(now, { connection_id: session.id, cursor }));
  };

  const tick = async (): Promise<void> => {
    const now = clock.now();
    for (const session of registry.all()) check(session, now);
    const due = registry.all().filter(({ seenAt }) => now - seenAt >= SEEN_MS);
    for (const session of due) session.seenAt = now;
    await Promise.all([prolong(), ledger.see(due.map(({ seen }) => seen))]);
  };

  return {
    tick,
    async start() {
      // Nobody else can have the folder open: what another process held was left by one that is dead.
      if (database.engine === 'sqlite') {
        await database.write((tx) => dropLeases(tx, NODE_PREFIX, Number.MAX_SAFE_INTEGER));
      }
      await prolong();
      timer = setInterval(() => void tick().catch(() => undefined), TICK_MS);
      timer.unref();
    },
    heard(session) {
      session.heardAt = clock.now();
      const count = (said.get(session) ?? 0) + 1;
      said.set(session, count);
      if (count > MOST_MESSAGES) {
        end(
          session,
          CLOSE.overload,
          new ApiError('rate_limited', `more than ${MOST_MESSAGES} messages in 30 s`),
        );
      }
    },
    async close() {
      clearInterval(timer);
      await database.write((tx) => releaseLease(tx, node, node));
    },
  };
}
