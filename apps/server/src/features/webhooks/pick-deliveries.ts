import type { DeliveryId, HookId } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import type { OutboxRow } from '../events/index.ts';
import { eventsById, laneHeads, retryingDeliveries, slowDeliveries } from './deliveries.store.ts';
import type { DeliveryRow } from './delivery.ts';
import { CONNECTIONS } from './hook-client.ts';

/** Lanes of one hook that may wait between first attempts at once; further lanes wait for their first. */
const RETRYING_MAX = 200;
/** Attempts of mass work and of the slow lane at once: one connection is always left for the rest. */
const YIELDING_MAX = CONNECTIONS - 1;

type Kind = 'interactive' | 'bulk' | 'slow';
/** Who is asked first, turn by turn: nothing waits for ever, and people's acts wait for nobody. */
const TURNS: readonly (readonly Kind[])[] = [
  ['interactive', 'bulk', 'slow'],
  ['interactive', 'bulk', 'slow'],
  ['interactive', 'bulk', 'slow'],
  ['bulk', 'interactive', 'slow'],
  ['interactive', 'bulk', 'slow'],
  ['interactive', 'bulk', 'slow'],
  ['interactive', 'bulk', 'slow'],
  ['slow', 'interactive', 'bulk'],
];

/** What is being sent, or was sent and is not written down yet. */
export interface Occupied {
  ids: ReadonlySet<DeliveryId>;
  /** Lanes that wait for one of these. */
  lanes: ReadonlySet<string>;
  /** Attempts that are under way. */
  attempts: number;
  /** Those of them that yield to others. */
  yielding: number;
}

/** A delivery whose turn it is, with its event; without one the event is gone. */
export interface Picked {
  row: DeliveryRow;
  yields: boolean;
  event: OutboxRow | undefined;
}

type Chosen = Omit<Picked, 'event'>;

/** Free connections, and attempts under way that yield. */
interface Room {
  free: number;
  yielding: number;
}

/** Chooses what one hook is sent next; remembers whose turn it is. */
export interface Picker {
  /** As many as there are free connections, at most. */
  pick(handle: Handle, occupied: Occupied, now: number): Promise<Picked[]>;
}

/**
 * Lanes take turns in the order of their names, each with its oldest delivery, and a lane that waits for a retry is
 * passed over. Nothing is kept but whose turn it is: whatever the backlog, a look reads some rows of an index.
 */
export function createPicker(hook_id: HookId): Picker {
  let turn = 0;
  const after = { interactive: '', bulk: '' };

  /** The heads of the next lanes that are not blocked, all around if need be. */
  const heads = async (handle: Handle, kind: 'interactive' | 'bulk', blocked: ReadonlySet<string>) => {
    const limit = CONNECTIONS + blocked.size;
    const found = await laneHeads(handle, kind, { hook_id, after: after[kind], limit });
    const around =
      found.length < limit && after[kind] !== ''
        ? await laneHeads(handle, kind, { hook_id, after: '', limit })
        : [];
    return [...found, ...around].filter(({ lane }) => !blocked.has(lane));
  };

  /** Fills what is free by turns; whoever yields leaves one connection for the rest. */
  const byTurns = (waiting: Record<Kind, DeliveryRow[]>, blocked: Set<string>, room: Room): Chosen[] => {
    const chosen: Chosen[] = [];
    let yielding = room.yielding;
    while (chosen.length < room.free) {
      const next = take(waiting, { blocked, mayYield: yielding < YIELDING_MAX, turn });
      if (!next) break;
      turn = (turn + 1) % TURNS.length;
      const { kind, row } = next;
      if (kind !== 'slow') after[kind] = row.lane;
      const yields = kind !== 'interactive';
      if (yields) yielding += 1;
      chosen.push({ row, yields });
    }
    return chosen;
  };

  return {
    async pick(handle, occupied, now) {
      const free = CONNECTIONS - occupied.attempts;
      if (free <= 0) return [];
      const retrying = await retryingDeliveries(handle, hook_id, RETRYING_MAX);
      const due = retrying.filter(({ id, next_at }) => next_at <= now && !occupied.ids.has(id));
      const retries = due.slice(0, free).map((row) => ({ row, yields: false }));
      const room = { free: free - retries.length, yielding: occupied.yielding };
      if (room.free === 0) return withEvents(handle, retries);
      const blocked = new Set([...occupied.lanes, ...retrying.map(({ lane }) => lane)]);
      const isFull = retrying.length >= RETRYING_MAX;
      const waiting = {
        interactive: isFull ? [] : await heads(handle, 'interactive', blocked),
        bulk: isFull ? [] : await heads(handle, 'bulk', blocked),
        slow: await slowDue(handle, occupied, now),
      };
      return withEvents(handle, [...retries, ...byTurns(waiting, blocked, room)]);
    },
  };

  async function slowDue(handle: Handle, { ids }: Occupied, now: number): Promise<DeliveryRow[]> {
    const rows = await slowDeliveries(handle, { hook_id, now, limit: YIELDING_MAX + ids.size });
    return rows.filter(({ id }) => !ids.has(id));
  }
}

/** The next one whose turn it is; its lane is blocked from now on. Slow ones block nobody. */
function take(
  waiting: Record<Kind, DeliveryRow[]>,
  { blocked, mayYield, turn }: { blocked: Set<string>; mayYield: boolean; turn: number },
): { kind: Kind; row: DeliveryRow } | undefined {
  for (const kind of TURNS[turn] ?? []) {
    if (kind !== 'interactive' && !mayYield) continue;
    for (let row = waiting[kind].shift(); row; row = waiting[kind].shift()) {
      if (kind === 'slow') return { kind, row };
      // The same lane may stand in both lists, and twice when the look went all around.
      if (blocked.has(row.lane)) continue;
      blocked.add(row.lane);
      return { kind, row };
    }
  }
  return undefined;
}

async function withEvents(handle: Handle, chosen: readonly Chosen[]): Promise<Picked[]> {
  if (chosen.length === 0) return [];
  const events = await eventsById(
    handle,
    chosen.map(({ row }) => row.event_id),
  );
  return chosen.map((each) => ({ ...each, event: events.get(each.row.event_id) }));
}
