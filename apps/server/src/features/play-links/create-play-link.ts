import {
  type CallCid,
  type CreatePlayLinkRequest,
  canonicalRole,
  LIMITS,
  type RoleName,
} from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { inputError } from '../../kernel/errors.ts';
import { CALL_MEMBER, demandRoleBelow, requireCall, roleGiver } from '../calls/index.ts';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
} from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { requireRoles } from '../roles/index.ts';
import { hashOfSecret, newPlayUserId, newSecret, playUrl } from './play-link.ts';
import { addPlayLink, openPlayLinks } from './play-links.store.ts';

export interface CreatePlayLinkInput extends CreatePlayLinkRequest {
  cid: CallCid;
}

/** What a link is made of that no request says. */
export interface LinkMaking {
  /** Where the page is, e.g. `http://127.0.0.1:8080`. */
  origin: string;
  apiKey: string;
}

export interface MadePlayLink {
  url: string;
  call_cid: CallCid;
  role: RoleName;
  expires_at: string;
}

/**
 * Makes a link that lets one person into the call, once. Needs `update-call-member`; a role other than `call_member`
 * needs `update-call-member-role` and a rank above it. Repeated with an `Idempotency-Key` it is refused, 400/4: the
 * secret is kept nowhere, so the first answer cannot be given again (rules PLY1..).
 */
export async function createPlayLink(
  acts: Acts,
  request: ActRequest,
  input: CreatePlayLinkInput,
  { origin, apiKey }: LinkMaking,
): Promise<ActReply<MadePlayLink>> {
  const secret = newSecret();
  const secretHash = hashOfSecret(secret);
  const reply = await acts.perform(request, async (act) => {
    const { cid, name = null, expires_in_minutes: minutes = LIMITS.playLinkMinutesDefault } = input;
    await act.tx.lock(`call:${cid}`);
    const role = await demandMayInvite(act, input);
    await demandRoom(act, cid);
    const row = {
      ...{ secret_hash: secretHash, cid, user_id: newPlayUserId(), role, name },
      ...{ created_by_id: callerUserId(act.caller) ?? null, at_start: 0 as const },
      ...{ created_at: act.now, expires_at: act.now + minutes * 60_000, used_at: null },
    };
    await addPlayLink(act.tx, row);
    act.created();
    act.audit({
      action: 'play_link.create',
      cid,
      target: { type: 'user', id: row.user_id },
      after: { role, name, expires_at: toTime(row.expires_at) },
    });
    return { secretHash, call_cid: cid, role, expires_at: toTime(row.expires_at) };
  });
  const { secretHash: stored, ...body } = reply.body;
  if (stored !== secretHash) {
    throw inputError('Idempotency-Key', 'made a link already, whose secret is kept nowhere; send a new key');
  }
  return { ...reply, body: { url: playUrl(origin, apiKey, secret), ...body } };
}

async function demandMayInvite(act: Act, { cid, role: asked }: CreatePlayLinkInput): Promise<RoleName> {
  const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
  demandCapability(mine, 'update-call-member');
  const role = asked === undefined ? CALL_MEMBER : canonicalRole(asked);
  if (role === CALL_MEMBER) return role;
  demandCapability(mine, 'update-call-member-role');
  await requireRoles(act.tx, [{ field: 'role', role }]);
  const giver = roleGiver(act, mine);
  // Nobody of that id is there yet, so it is never the caller's own role.
  await demandRoleBelow(act, giver, { userId: newPlayUserId(), role, kept: undefined });
  return role;
}

async function demandRoom(act: Act, cid: CallCid): Promise<void> {
  if ((await openPlayLinks(act.tx, cid, act.now)) < LIMITS.openPlayLinks) return;
  throw inputError(
    'id',
    `this call has ${LIMITS.openPlayLinks} links that nobody used yet; wait until they expire`,
  );
}
