import { toTime } from '../../kernel/clock.ts';
import { notAllowed } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import type { ListRequest } from '../../storage/page.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { findUsers, userResponse } from '../users/index.ts';
import { type BanRow, pageOfBans } from './bans.store.ts';
import { demandBanner } from './demand-banner.ts';

/**
 * A page of the bans in force, latest first unless sorted. Needs what banning needs; while multi-tenancy is on, a
 * server token, because bans are not kept by team.
 */
export function queryBans(acts: Acts, request: Pick<ActRequest, 'caller' | 'address'>, input: ListRequest) {
  const { database, policy, clock } = acts;
  return database.read(async (snapshot) => {
    const now = clock.now();
    const banner = await demandBanner({ ...request, tx: snapshot, now, policy });
    if (banner && (await policy.sources.app(snapshot)).multiTenant)
      throw notAllowed('this needs a server token while multi-tenancy is on');
    const { items, ...links } = await pageOfBans(snapshot, input, now);
    return { bans: await banResponses(snapshot, items, now), ...links };
  });
}

async function banResponses(handle: Handle, rows: readonly BanRow[], now: number) {
  const ids = rows.flatMap((row) => [row.target_user_id, ...(row.banned_by_id ? [row.banned_by_id] : [])]);
  const users = await findUsers(handle, ids);
  return rows.flatMap((row) => {
    const user = users.get(row.target_user_id);
    const by = row.banned_by_id && users.get(row.banned_by_id);
    if (!user) return [];
    return {
      user: userResponse(user, now),
      ...(by && { banned_by: userResponse(by, now) }),
      ...(row.reason !== null && { reason: row.reason }),
      created_at: toTime(row.created_at),
      ...(row.expires_at !== null && { expires: toTime(row.expires_at) }),
      shadow: row.shadow === 1,
      ip_ban: row.ip_ban === 1,
      ...(row.cid !== '' && { channel_cid: row.cid }),
    };
  });
}
