import type { CallCid } from '@callgate/contract';
import type { OrderedRow } from '../features/events/index.ts';
import { type RefusalReason, refusal } from '../features/policy/index.ts';
import type { OpenSockets } from '../features/watching/index.ts';
import type { FanOut } from './fan-out.ts';
import { type Judge, type Refused, readRefusal } from './re-evaluate.ts';
import type { Registry } from './registry.ts';
import type { SocketSession } from './session.ts';

/** A watch that has taken effect in memory. */
interface Begun {
  session: SocketSession;
  cid: CallCid;
}

/** A watch that policy refuses. */
export type RefusedWatch = Begun & { reason: RefusalReason };

/**
 * Asks policy about watches that have taken effect, and confirms those that it allows; answers the others. An act that
 * commits before that snapshot is seen here, one that commits after it finds the watch in memory. So none slips in
 * beside a block.
 */
export async function confirmWatches(judge: Judge, begun: readonly Begun[]): Promise<RefusedWatch[]> {
  if (begun.length === 0) return [];
  const refusals = await judge.database.read((snapshot) =>
    Promise.all(begun.map(({ session, cid }) => readRefusal(judge, snapshot, session, cid))),
  );
  return begun.flatMap(({ session, cid }, at) => {
    const reason = refusals[at] ?? null;
    if (reason !== null) return [{ session, cid, reason }];
    session.unconfirmed.delete(cid);
    return [];
  });
}

/** Lets watches that are on disk take effect, and only then asks policy about them. */
export function createBeginning(
  deps: Judge & {
    registry: Registry;
    fanOut: FanOut;
    onRefused(refused: readonly Refused[], row: Pick<OrderedRow, 'app_seq'>): Promise<void>;
  },
): OpenSockets['begin'] {
  const { registry, fanOut, onRefused } = deps;
  return async (watches) => {
    const begun = watches.flatMap((watch) => {
      const session = registry.find(watch.connection_id);
      if (!session) return [];
      registry.watch(session, watch);
      return [{ session, cid: watch.cid }];
    });
    const refused = await confirmWatches(deps, begun);
    const [first] = refused;
    if (!first) return;
    // An event may have ended some of them meanwhile, and said so.
    const left = refused.filter(({ session, cid }) => session.watches.has(cid));
    await onRefused(left, { app_seq: fanOut.place });
    throw refusal(first.reason);
  };
}
