import { lastSeqOf, type OrderedRow } from '../features/events/index.ts';
import { type RefusalReason, refusal } from '../features/policy/index.ts';
import { endWatch } from '../features/watching/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Database } from '../storage/database.ts';
import { watchEnded } from './messages.ts';
import type { Refused } from './re-evaluate.ts';
import type { Registry } from './registry.ts';
import { CLOSE, type CloseCode, type SocketSession } from './session.ts';

/** What ends a socket from our side. */
export type EndSession = (session: SocketSession, code: CloseCode, error: unknown) => void;

/** The code with which a socket of such a person closes. */
export const closeCodeOf = (reason: RefusalReason): CloseCode =>
  reason === 'token_revoked' ? CLOSE.unauthenticated : CLOSE.refused;

/**
 * Ends sockets and watches that policy refuses: on disk up to the event that ended them, then in memory, and the
 * client is told why.
 */
export function createEndings(deps: {
  database: Database;
  clock: Clock;
  registry: Registry;
  end: EndSession;
}): (refused: readonly Refused[], row: Pick<OrderedRow, 'app_seq'>) => Promise<void> {
  const { database, clock, registry, end } = deps;
  return async (refused, { app_seq: place }) => {
    const watches = refused.flatMap(({ session, cid, reason }) =>
      cid === undefined ? [] : [{ session, cid, reason }],
    );
    if (watches.length > 0) {
      await database.write(async (tx) => {
        for (const { session, cid, reason } of watches) {
          const to_seq = await lastSeqOf(tx, cid, place);
          await endWatch(tx, { connection_id: session.id, cid, to_seq, reason });
        }
      });
    }
    for (const { session, cid, reason } of watches) {
      registry.unwatch(session, cid);
      session.send(watchEnded(clock.now(), { connection_id: session.id, call_cid: cid, reason }));
    }
    for (const { session, cid, reason } of refused) {
      if (cid === undefined) end(session, closeCodeOf(reason), refusal(reason));
    }
  };
}
