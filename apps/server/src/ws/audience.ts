import type { UserId } from '@callgate/contract';
import type { OrderedRow, StoredAudience } from '../features/events/index.ts';
import type { WatchRow } from '../features/watching/index.ts';

/** Why somebody hears an event: it is about them, or they may read the call and are a member or watch it. */
export type Hears = 'named' | 'reads' | 'not';

export const audienceOf = (row: Pick<OrderedRow, 'audience'>): StoredAudience =>
  JSON.parse(row.audience) as StoredAudience;

/** Whether a person with that watch of the event's call hears it. `membersNow` stands for the members of a large call. */
export function hears(
  row: Pick<OrderedRow, 'call_seq'>,
  audience: StoredAudience,
  person: { userId: UserId; watch: WatchRow | undefined; membersNow?: ReadonlySet<UserId> | undefined },
): Hears {
  const { members, users, watchers, except } = audience;
  if (users?.includes(person.userId)) return 'named';
  const isMember =
    members === 'many'
      ? person.membersNow?.has(person.userId) && !except?.includes(person.userId)
      : members?.includes(person.userId);
  if (isMember) return 'reads';
  return watchers && covers(person.watch, row.call_seq) ? 'reads' : 'not';
}

/** Whether a watch covers the event of that number. */
const covers = (watch: WatchRow | undefined, seq: number | null): boolean =>
  watch !== undefined &&
  seq !== null &&
  watch.from_seq < seq &&
  (watch.to_seq === null || seq <= watch.to_seq);
