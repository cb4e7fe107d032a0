import type { Act } from '../enforcement/index.ts';
import { findUser, type ShownUserResponse, userResponse } from '../users/index.ts';
import { type BanRow, removeBan } from './bans.store.ts';

/** How a ban ends: by its time, or by an act that somebody did. */
export interface Lifting {
  expired: boolean;
  /** As the event shows them; absent: a server, or nobody. */
  actor?: ShownUserResponse;
}

/**
 * Ends a ban with its addresses: one audit record, one event, and whom it concerned are asked about again. Hold
 * `user:<target>`.
 */
export async function liftBan(act: Act, ban: BanRow, lifting: Lifting): Promise<void> {
  const { target_user_id: target } = ban;
  await removeBan(act.tx, ban.id);
  act.audit({
    action: 'ban.remove',
    ...(ban.cid !== '' && { cid: ban.cid }),
    target: { type: 'user', id: target },
    before: { banned: true, reason: ban.reason, shadow: ban.shadow === 1, ip_ban: ban.ip_ban === 1 },
    after: { banned: false },
  });
  await stateUnbanned(act, ban, lifting);
  act.enforce(ban.cid === '' ? { userId: target } : { userId: target, cid: ban.cid });
  if (ban.ip_ban === 1) act.enforce({ addresses: true });
}

/** Told to the person, unless the ban was a shadow; to webhooks always. Of somebody who has no row any more: to nobody. */
export async function stateUnbanned(act: Act, ban: BanRow, lifting: Lifting): Promise<void> {
  const user = await findUser(act.tx, ban.target_user_id);
  if (!user) return;
  act.event({
    type: 'user.unbanned',
    ...(ban.cid !== '' && { cid: ban.cid }),
    audience: ban.shadow === 1 ? {} : { users: [user.id] },
    payload: {
      user: userResponse(user, act.now),
      ...lifting,
      ...(ban.cid !== '' && { channel_cid: ban.cid }),
    },
  });
}
