import type { Act } from '../enforcement/index.ts';
import { armGuestEnd } from './end-guest.ts';
import { ANONYMOUS_TTL_MS, anonymousRow } from './guest.ts';
import { saveUsers, type UserRow } from './users.store.ts';

/**
 * Writes a row for an anonymous person who joins, so that moderators can address them. Good until the token's end,
 * 24 hours without one. Part of the join: the join's audit record and event name the person.
 */
export async function createAnonymousPerson(
  act: Pick<Act, 'tx' | 'now'>,
  expiresAt: number | null,
): Promise<UserRow> {
  const row = anonymousRow(act.now, expiresAt ?? act.now + ANONYMOUS_TTL_MS);
  await Promise.all([saveUsers(act.tx, [row]), armGuestEnd(act.tx, row)]);
  return row;
}
