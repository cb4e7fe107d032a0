import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { Caller } from '../policy/index.ts';
import { shownUsers } from './record-changes.ts';
import { requireUser, type ShownUserResponse } from './user.ts';

/** The person behind a user token as they see themselves. 404/16 when there is none. */
export const ownUser = (
  { database, clock }: { database: Database; clock: Clock },
  caller: Extract<Caller, { kind: 'user' }>,
): Promise<ShownUserResponse> =>
  database.read(async (tx) => {
    const row = await requireUser(tx, caller.userId);
    const shown = await shownUsers({ tx, now: clock.now(), caller }, [row]);
    const mine = shown[caller.userId];
    if (!mine) throw new Error(`the user ${caller.userId} was not shown to themselves`);
    return mine;
  });
