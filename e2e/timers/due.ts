import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { type Location, openReader } from '@callgate/server/storage/reader.ts';

/** Something that ends at a time, and what the books say of its end. */
export interface Due {
  name: string;
  /** By the clock of the server, in milliseconds; so is what follows. */
  dueAt: number;
  /** When its event was written, of each that there is. */
  toldAt: readonly number[];
  /** Audit records by `system`, and how many there are to be: nobody decides that a call was missed. */
  records: number;
  wanted: 0 | 1;
}

interface Recorded {
  action: string;
  target_id: string;
  cid: string | null;
  actor_kind: string;
  after: string | null;
}
interface Told {
  type: string;
  cid: string | null;
  payload: string;
  created_at: number;
}
interface Rung {
  cid: string;
  cancel_at: number;
  miss_at: number;
}

/** All that is to end, from the records of what began: bans, guests, and rings with their two time-outs. */
export async function readDue(location: Location): Promise<Due[]> {
  const reader = await openReader(location);
  const rows = <R>(text: string): Promise<R[]> => reader.handle.run(rawStatement<R>(text));
  try {
    const records = await rows<Recorded>(
      `select action, target_id, cid, actor_kind, after from audit_records
        where action in ('ban.create', 'ban.remove', 'user.create_guest', 'user.delete', 'call.reject')`,
    );
    const told = await rows<Told>(
      `select type, cid, payload, created_at from outbox
        where type in ('user.unbanned', 'user.deleted', 'call.rejected', 'call.missed')`,
    );
    const rings = await rows<Rung>('select cid, cancel_at, miss_at from rings');
    return dueOf(records, told, rings);
  } finally {
    await reader.close();
  }
}

/** Timers that were due at `now` and are still there. */
export async function countLeft(location: Location, now: number): Promise<number> {
  const reader = await openReader(location);
  try {
    const text = `select count(*) as count from timers where kind <> 'purge' and due_at <= ${now}`;
    const [row] = await reader.handle.run(rawStatement<{ count: number }>(text));
    return row?.count ?? 0;
  } finally {
    await reader.close();
  }
}

function dueOf(records: readonly Recorded[], told: readonly Told[], rings: readonly Rung[]): Due[] {
  const recorded = Map.groupBy(
    records.filter(({ actor_kind }) => actor_kind === 'system'),
    ({ action, target_id, cid }) => `${action} ${cid ?? target_id}`,
  );
  const events = Map.groupBy(told, (event) => `${event.type} ${event.cid ?? personOf(event)}`);
  const due = (about: string, dueAt: number, [type, action]: readonly [string, string?]): Due => ({
    name: `${type} of ${about}`,
    dueAt,
    toldAt: (events.get(`${type} ${about}`) ?? []).map(({ created_at }) => created_at),
    records: recorded.get(`${action} ${about}`)?.length ?? 0,
    wanted: action === undefined ? 0 : 1,
  });
  const afterOf = ({ after }: Recorded) =>
    JSON.parse(after ?? '{}') as { expires?: string; guest_expires_at?: number };
  const begun = (action: string) => records.filter((record) => record.action === action);
  return [
    ...begun('ban.create').map((record) =>
      due(record.target_id, Date.parse(afterOf(record).expires ?? ''), ['user.unbanned', 'ban.remove']),
    ),
    ...begun('user.create_guest').map((record) =>
      due(record.target_id, afterOf(record).guest_expires_at ?? Number.NaN, ['user.deleted', 'user.delete']),
    ),
    ...rings.flatMap(({ cid, cancel_at, miss_at }) => [
      due(cid, cancel_at, ['call.rejected', 'call.reject']),
      due(cid, miss_at, ['call.missed']),
    ]),
  ];
}

const personOf = ({ payload }: Told): string => (JSON.parse(payload) as { user: { id: string } }).user.id;
