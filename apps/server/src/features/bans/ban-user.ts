import type { BanId, IpBanOutcome } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { newId } from '../../kernel/id.ts';
import { requireCall } from '../calls/index.ts';
import type { Act, ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import {
  type AddressBans,
  type AddressPlan,
  outcomeResponse,
  prefixesOfBan,
  prefixTexts,
} from '../ip-bans/index.ts';
import { actorField, requireUser, type UserRow, userResponse } from '../users/index.ts';
import { type BanInput, type BanTerms, isInForce, isSameTerms, termsOf } from './ban.ts';
import { type BanRow, findBan, saveBan } from './bans.store.ts';
import { demandBanner, demandOutranksTarget, namedBanner } from './demand-banner.ts';
import { armBanEnd } from './end-ban.ts';
import { stateUnbanned } from './lift-ban.ts';

export interface BanReply {
  /** What the ban does to addresses; present when it takes any. */
  ip_ban?: IpBanOutcome;
  dry_run?: true;
}

/** A ban as it was and as it is to be, with the addresses that it takes. */
interface Change {
  input: BanInput;
  target: UserRow;
  terms: BanTerms;
  by: BanRow['banned_by_id'];
  /** `by` as the event shows them. */
  actor: Awaited<ReturnType<typeof actorField>>;
  /** The ban in force so far. */
  current: BanRow | undefined;
  /** A ban that is over and whose end was not announced yet. */
  lapsed: BanRow | undefined;
  plan: AddressPlan;
}

const NO_ADDRESSES: AddressPlan = { prefixes: [], skipped: {} };

/**
 * Bans a person from the application, or from one call with `channel_cid`: removed at once, may not join, create,
 * ring or notify. Other terms replace those in force; the same terms are the same 201 with no event. Needs a server
 * token, or an application role of rank 300 or more and a higher rank than the target's.
 */
export function banUser(
  acts: Acts,
  addresses: AddressBans,
  request: ActRequest,
  input: BanInput,
): Promise<ActReply<BanReply>> {
  return acts.perform(request, async (act) => {
    const { target_user_id: target } = input;
    await act.tx.lock(`user:${target}`);
    const change = await decide(act, addresses, input);

    if (!input.dry_run) {
      act.created();
      if (!(await isAsBefore(act, change))) await write(act, addresses, change);
    }
    const hits =
      change.terms.ip_ban === 1 ? await addresses.outcome(act.tx, target, change.plan, act.now) : undefined;
    const show = { prefixes: act.caller.kind === 'server', others: input.dry_run === true };
    return {
      ...(hits && { ip_ban: outcomeResponse(hits, show) }),
      ...(input.dry_run && { dry_run: true }),
    };
  });
}

async function decide(act: Act, addresses: AddressBans, input: BanInput): Promise<Change> {
  const { target_user_id: id, channel_cid: cid } = input;
  const banner = await demandBanner(act);
  const by = await namedBanner(act, input.banned_by_id ?? input.user_id);
  const [target, actor, stored] = await Promise.all([
    requireUser(act.tx, id, { deleted: true }),
    actorField(act, by),
    findBan(act.tx, id, cid ?? ''),
    cid === undefined ? undefined : requireCall(act.tx, cid),
  ]);
  await demandOutranksTarget(act, banner, id, cid);
  const terms = termsOf(input, target.role, act.now);
  const plan = terms.ip_ban === 1 ? await addresses.plan(act.tx, id, input.ip_ranges, act.now) : NO_ADDRESSES;
  const inForce = stored !== undefined && isInForce(stored, act.now);
  const bans = { current: inForce ? stored : undefined, lapsed: inForce ? undefined : stored };
  return { input, target, terms, by, actor, ...bans, plan };
}

/** Whether the ban in force has these terms and these addresses already. */
async function isAsBefore(act: Act, { current, terms, plan }: Change): Promise<boolean> {
  if (!current || !isSameTerms(current, terms)) return false;
  if (terms.ip_ban === 0) return true;
  return (await prefixesOfBan(act.tx, current.id)).join() === prefixTexts(plan).join();
}

async function write(act: Act, addresses: AddressBans, change: Change): Promise<void> {
  const { input, target, terms, by, current, lapsed, plan } = change;
  const { channel_cid: cid } = input;
  // Its timer becomes the new ban's, so its end is told here.
  if (lapsed) await stateUnbanned(act, lapsed, { expired: true });
  const id = await saveBan(act.tx, {
    id: newId<BanId>(act.now),
    target_user_id: target.id,
    cid: cid ?? '',
    banned_by_id: by,
    ...terms,
    created_at: current?.created_at ?? act.now,
  });
  const ban = { id, target_user_id: target.id, expires_at: terms.expires_at };
  await Promise.all([addresses.store(act.tx, ban, plan), armBanEnd(act.tx, ban)]);
  act.audit({
    action: current ? 'ban.update' : 'ban.create',
    ...(cid !== undefined && { cid }),
    asId: act.caller.kind === 'server' ? by : null,
    target: { type: 'user', id: target.id },
    reason: terms.reason,
    before: current ? shown(current) : null,
    after: { ...shown(terms), ...(terms.ip_ban === 1 && { prefixes: prefixTexts(plan) }) },
  });
  act.event(await bannedEvent(act, change));
  // The addresses of a ban that is replaced may be free again, so both ways concern everybody with an address.
  const hasAddresses = terms.ip_ban === 1 || current?.ip_ban === 1;
  act.putOut(cid === undefined ? { userId: target.id } : { userId: target.id, cid });
  if (hasAddresses) act.enforce({ addresses: true });
}

const shown = ({ reason, expires_at, ip_ban, shadow, delete_messages }: BanTerms) => ({
  reason,
  expires: expires_at === null ? null : toTime(expires_at),
  ip_ban: ip_ban === 1,
  shadow: shadow === 1,
  delete_messages,
});

/** Told to the person, unless the ban is a shadow; to webhooks always. */
async function bannedEvent(act: Act, { input, target, terms, actor }: Change) {
  const { channel_cid: cid } = input;
  const user = await requireUser(act.tx, target.id, { deleted: true });
  return {
    type: 'user.banned',
    ...(cid !== undefined && { cid }),
    audience: terms.shadow === 1 ? {} : { users: [target.id] },
    payload: {
      user: userResponse(user, act.now),
      ...actor,
      ...(terms.reason !== null && { reason: terms.reason }),
      ...(terms.expires_at !== null && { expires: toTime(terms.expires_at) }),
      shadow: terms.shadow === 1,
      ip_ban: terms.ip_ban === 1,
      ...(cid !== undefined && { channel_cid: cid }),
    },
  };
}
