import type { ConnectionId } from '@callgate/contract';
import { lastSeqOf } from '../features/events/index.ts';
import { endWatch, type WatchRow, watchesOf } from '../features/watching/index.ts';
import { confirmWatches } from './begin-watching.ts';
import { watchEnded } from './messages.ts';
import type { Opening, OpeningDeps } from './opening.ts';
import type { Registry } from './registry.ts';
import { isComplete, type Missed } from './replay.ts';
import { CLOSE, type SocketSession } from './session.ts';

/** How long after its end a connection may be resumed, in milliseconds. */
export const RESUME_MS = 5 * 60_000;

/** A connection that a client goes on with. */
export interface Resumed {
  id: ConnectionId;
  from: number;
  watches: readonly WatchRow[];
}

/**
 * Takes over the connection that the client names, when it was theirs, ended not longer ago than 5 minutes, and
 * everything that was missed is still there. Undefined: the client starts afresh.
 */
export async function resumeConnection(
  { database, clock, cursors, registry, fanOut, ledger }: OpeningDeps,
  { caller, first, address }: Opening,
): Promise<Resumed | undefined> {
  const { connection_id: id, cursor = '' } = first;
  const from = cursors.placeOf(cursor);
  if (id === undefined || from === undefined) return undefined;
  if (!(await isComplete(database, { from, upTo: fanOut.place }))) return undefined;
  // First: the row is the new socket's from here on, and the end of the old one must not close it.
  if (registry.find(id)?.userId === caller.userId) endBefore(registry, id);
  const since = clock.now() - RESUME_MS;
  const found = await ledger.reopen({ id, since }, { user_id: caller.userId, address });
  if (!found) return undefined;
  return { id, from, watches: await database.read((snapshot) => watchesOf(snapshot, id)) };
}

/** Ends the socket that had the connection until now, if it is still open. */
export function endBefore(registry: Registry, id: ConnectionId): void {
  const before = registry.find(id);
  if (!before) return;
  registry.remove(before);
  before.close(CLOSE.normal, 'resumed by another socket');
}

/**
 * Goes on with the watches that policy allows now; the others end, and the client is told after what it missed. They
 * take effect before anything is waited for: what happens from here on is behind `upTo`, and would be missed.
 */
export async function goOnWatching(
  deps: OpeningDeps,
  session: SocketSession,
  { watches }: Resumed,
  { upTo }: Missed,
): Promise<void> {
  const { database, registry, clock } = deps;
  const open = watches.filter(({ to_seq }) => to_seq === null);
  for (const watch of open) registry.watch(session, watch);
  const refused = await confirmWatches(
    deps,
    open.map(({ cid }) => ({ session, cid })),
  );
  const ended = refused.filter(({ cid }) => session.watches.has(cid));
  for (const { cid } of ended) registry.unwatch(session, cid);
  if (ended.length === 0) return;
  await database.write(async (tx) => {
    for (const { cid, reason } of ended) {
      const to_seq = await lastSeqOf(tx, cid, upTo);
      await endWatch(tx, { connection_id: session.id, cid, to_seq, reason });
    }
  });
  for (const { cid, reason } of ended) {
    session.send(watchEnded(clock.now(), { connection_id: session.id, call_cid: cid, reason }));
  }
}

/**
 * Tells again of watches that ended, unless the client has heard of it for sure: it has when it heard something that
 * came later in the call. What it watches anew by now goes on.
 */
export async function tellOfEnds(
  { database, clock }: OpeningDeps,
  session: SocketSession,
  { from, watches }: Resumed,
): Promise<void> {
  const over = watches.filter(({ to_seq }) => to_seq !== null);
  if (over.length === 0) return;
  const heard = await database.read((snapshot) =>
    Promise.all(over.map(({ cid }) => lastSeqOf(snapshot, cid, from))),
  );
  for (const [at, { cid, to_seq, reason }] of over.entries()) {
    if ((heard[at] ?? 0) > (to_seq ?? 0) || session.watches.has(cid)) continue;
    const ended = { connection_id: session.id, call_cid: cid, reason: reason ?? '' };
    session.sendNow(watchEnded(clock.now(), ended));
  }
}
