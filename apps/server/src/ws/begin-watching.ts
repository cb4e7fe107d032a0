import type { OrderedRow } from '../features/events/index.ts';
import { refusal } from '../features/policy/index.ts';
import type { OpenSockets } from '../features/watching/index.ts';
import type { FanOut } from './fan-out.ts';
import { type Judge, type Refused, readRefusal } from './re-evaluate.ts';
import type { Registry } from './registry.ts';

/**
 * Lets watches that are on disk take effect, and only then asks policy again: an act that commits before that
 * snapshot is seen here, one that commits after it finds the watch in memory. So none slips in beside a block.
 */
export function createBeginning(
  deps: Judge & {
    registry: Registry;
    fanOut: FanOut;
    onRefused(refused: readonly Refused[], row: Pick<OrderedRow, 'app_seq'>): Promise<void>;
  },
): OpenSockets['begin'] {
  const { registry, database, fanOut, onRefused } = deps;
  return async (watches) => {
    const begun = watches.flatMap((watch) => {
      const session = registry.find(watch.connection_id);
      if (!session) return [];
      registry.watch(session, watch);
      return [{ session, cid: watch.cid }];
    });
    const refusals = await database.read((snapshot) =>
      Promise.all(begun.map(({ session, cid }) => readRefusal(deps, snapshot, session, cid))),
    );
    const refused = begun.flatMap((one, at) => {
      const reason = refusals[at] ?? null;
      return reason === null ? [] : [{ ...one, reason }];
    });
    const [first] = refused;
    if (!first) return;
    await onRefused(refused, { app_seq: fanOut.place });
    throw refusal(first.reason);
  };
}
