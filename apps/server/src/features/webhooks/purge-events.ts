import type { Tx } from '../../storage/database.ts';
import type { Purge } from '../timers/index.ts';
import { deleteUnneeded, placedEvents } from './purge-events.store.ts';

const DAY_MS = 24 * 60 * 60_000;

/**
 * Drops events that are older than so many days, in the order of the application. Those stay that a hook has yet to
 * look at, that are on their way to one or wait as dead to be sent again, and the last of all, behind which the next
 * place is counted. It stops where no event is old any more: reading on would read all that there are.
 */
export const purgeEvents =
  (days: number): Purge =>
  async (tx: Tx, now, limit, after) => {
    const before = now - days * DAY_MS;
    const looked = await placedEvents(tx, after, limit);
    const last = looked.at(-1)?.app_seq;
    if (last === undefined || !looked.some(({ created_at }) => created_at < before)) return 0;
    await deleteUnneeded(tx, { after, last, before });
    return { looked: looked.length, last };
  };
