import type { UserId } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import { type ShownUserResponse, userResponse } from './user.ts';
import { findUser } from './users.store.ts';

/** The `actor` field of an event: who did it; empty when the server did (`id` null) or the person has no row. */
export async function actorField(
  act: { tx: Handle; now: number },
  id: UserId | null | undefined,
): Promise<{ actor?: ShownUserResponse }> {
  const row = id ? await findUser(act.tx, id) : undefined;
  return row ? { actor: userResponse(row, act.now) } : {};
}
