import type { CallCid, RoleName, UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { notAllowed } from '../../kernel/errors.ts';
import { changeMembers, requireCall, stateMemberEvents } from '../calls/index.ts';
import type { Act, ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { refusal, SERVER } from '../policy/index.ts';
import {
  blankUser,
  findUser,
  quotaAddress,
  type ShownUserResponse,
  saveUsers,
  type UserRow,
  type UserTokenClaims,
  userResponse,
} from '../users/index.ts';
import { hashOfSecret, PLAY_TOKEN_MS } from './play-link.ts';
import { findPlayLink, type PlayLinkRow, takePlayLink } from './play-links.store.ts';

interface Exchanged {
  user: ShownUserResponse;
  user_id: UserId;
  call_cid: CallCid;
  role: RoleName;
  access_token: string;
  expires_at: string;
}

/**
 * Uses a link: its person is made, or taken as they are, becomes a member of its call, and gets a token for that call
 * alone. 403/17 for a link that is unknown, used or past its time, and from a banned address. The server acts, for
 * whoever made the link; the token is made from what was stored and kept nowhere (rules PLY4..).
 */
export async function exchangePlayLink(
  acts: Acts,
  request: ActRequest,
  input: { secret: string },
  signToken: (claims: UserTokenClaims) => string,
): Promise<ActReply<Exchanged>> {
  const secretHash = hashOfSecret(input.secret);
  const reply = await acts.perform(byServer(request), async (act) => {
    await demandAddressWelcome(act, request.address);
    const link = await takenLink(act, secretHash);
    const user = await personOf(act, link);
    const call = await requireCall(act.tx, link.cid);
    const update = [{ user_id: user.id, role: link.role }];
    const changes = await changeMembers(act, undefined, call, { update, field: 'secret' });
    act.created();
    act.audit({
      action: 'play_link.exchange',
      cid: link.cid,
      asId: link.created_by_id,
      target: { type: 'user', id: user.id },
      before: { members: changes.before },
      after: { members: changes.after },
    });
    await stateMemberEvents(act, call, changes);
    const shown = userResponse(user, act.now, { blockedUserIds: [] });
    return { user: shown, cid: link.cid, role: link.role, issuedAt: act.now };
  });
  const { user, cid, role, issuedAt } = reply.body;
  const expiresAt = issuedAt + PLAY_TOKEN_MS;
  const token = { userId: user.id, issuedAt, expiresAt, callCids: [cid], callsOnly: true };
  const body = {
    ...{ user, user_id: user.id, call_cid: cid, role },
    ...{ access_token: signToken(token), expires_at: toTime(expiresAt) },
  };
  return { ...reply, body };
}

/** Callers without a token share one scope of idempotency keys: the address keeps them apart. */
const byServer = ({ idempotency, ...request }: ActRequest): ActRequest => ({
  ...request,
  caller: SERVER,
  ...(idempotency && {
    idempotency: {
      ...idempotency,
      key: `play-link ${quotaAddress(request.address)} ${idempotency.key}`,
    },
  }),
});

async function demandAddressWelcome(act: Act, address: string | null): Promise<void> {
  if (address !== null && (await act.policy.sources.isAddressBanned(act.tx, address, act.now)))
    throw refusal('address_banned');
}

async function takenLink(act: Act, secretHash: string): Promise<PlayLinkRow> {
  const link = await findPlayLink(act.tx, secretHash);
  if (!link) throw notAllowed('this link is none of this server’s, or was taken back; ask for another');
  await act.tx.lock(`user:${link.user_id}`, `call:${link.cid}`);
  if (await takePlayLink(act.tx, secretHash, act.now)) return link;
  const isExpired = link.expires_at <= act.now;
  throw notAllowed(
    isExpired
      ? 'the time of this link is over; ask for another'
      : 'this link was used already, and each is good once; ask for another',
  );
}

/** The person as they are, or made now. 403/17 for somebody who may make no request. */
async function personOf(act: Act, { user_id, name }: PlayLinkRow): Promise<UserRow> {
  const found = await findUser(act.tx, user_id);
  if (found?.deleted_at) throw refusal('deleted');
  if (found?.deactivated_at) throw refusal('deactivated');
  if (found) return found;
  const row = { ...blankUser(user_id, act.now), name };
  await saveUsers(act.tx, [row]);
  act.event({ type: 'user.created', audience: {}, payload: { user: userResponse(row, act.now) } });
  return row;
}
