import type { CreateGuestRequest } from '@callgate/contract';
import { ApiError, inputError } from '../../kernel/errors.ts';
import { storedApp } from '../app-settings/index.ts';
import type { Act, ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { refusal } from '../policy/index.ts';
import { quotaAddress } from './address.ts';
import { armGuestEnd } from './end-guest.ts';
import { guestRow } from './guest.ts';
import { countGuest, guestsMade } from './guests.store.ts';
import type { UserTokenClaims } from './token.ts';
import { type ShownUserResponse, userResponse } from './user.ts';
import { demandCustomFits } from './user-change.ts';
import { findUser, saveUsers, type UserRow } from './users.store.ts';

/**
 * Makes a guest and a token for it that ends with it. 403/17 while guests are off or the address is banned, 429/9
 * above the quota of the address. The token is made from the row and kept nowhere (rules GST1..).
 */
export async function createGuest(
  acts: Acts,
  request: ActRequest,
  input: CreateGuestRequest,
  signToken: (claims: UserTokenClaims) => string,
): Promise<ActReply<{ user: ShownUserResponse; access_token: string }>> {
  const reply = await acts.perform(keyedByAddress(request), async (act) => {
    await demandGuestsWelcome(act);
    await demandFreeId(act, input.user.id);
    const custom = JSON.stringify(input.user.custom ?? {});
    demandCustomFits(custom, 'user.custom');
    const { settings } = await storedApp(act.tx);
    await takeQuota(act, settings.guests.per_address_per_hour);

    const expiresAt = act.now + settings.guests.expire_after_minutes * 60_000;
    const row = guestRow(input.user, act.now, expiresAt);
    await Promise.all([saveUsers(act.tx, [row]), armGuestEnd(act.tx, row)]);
    await countGuest(act.tx, row.id, quotaAddress(act.address), act.now);
    act.created();
    recordGuest(act, row);
    return { user: userResponse(row, act.now, { blockedUserIds: [] }), issuedAt: act.now, expiresAt };
  });
  const { user, issuedAt, expiresAt } = reply.body;
  const access_token = signToken({ userId: user.id, issuedAt, expiresAt });
  return { ...reply, body: { user, access_token } };
}

/** Callers without a token share one scope of idempotency keys: the address keeps them apart. */
const keyedByAddress = (request: ActRequest): ActRequest =>
  request.idempotency
    ? {
        ...request,
        idempotency: {
          ...request.idempotency,
          key: `guest ${quotaAddress(request.address)} ${request.idempotency.key}`,
        },
      }
    : request;

async function demandGuestsWelcome(act: Act): Promise<void> {
  const { guests } = await act.policy.sources.app(act.tx);
  if (!guests) throw refusal('guests_off');
  const { address } = act;
  if (address !== null && (await act.policy.sources.isAddressBanned(act.tx, address, act.now))) {
    throw refusal('address_banned');
  }
}

async function demandFreeId(act: Act, wish: CreateGuestRequest['user']['id']): Promise<void> {
  if (wish && (await findUser(act.tx, wish))) throw inputError('user.id', 'is taken; leave it out');
}

async function takeQuota(act: Act, perHour: number): Promise<void> {
  const address = quotaAddress(act.address);
  await act.tx.lock(`address:${address}`);
  const { made, countsUntil } = await guestsMade(act.tx, address, act.now);
  if (made < perHour) return;
  const seconds = Math.max(1, Math.ceil((countsUntil - act.now) / 1000));
  const complaint = `this address may make ${perHour} guests an hour; wait ${seconds} s`;
  throw new ApiError('rate_limited', complaint, { retryAfterSeconds: seconds });
}

function recordGuest(act: Act, row: UserRow): void {
  act.audit({
    action: 'user.create_guest',
    target: { type: 'user', id: row.id },
    after: { role: row.role, name: row.name, guest_expires_at: row.guest_expires_at },
  });
  act.event({ type: 'user.created', audience: {}, payload: { user: userResponse(row, act.now) } });
}
