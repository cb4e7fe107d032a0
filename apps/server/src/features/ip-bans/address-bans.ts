import type { BanId, IpBanOutcome, UserId } from '@callgate/contract';
import { canonicalAddress, type Prefix, parsePrefix, prefixText } from '../../kernel/address.ts';
import { toTime } from '../../kernel/clock.ts';
import type { Handle, Tx } from '../../storage/database.ts';
import { remembered } from '../../storage/remembered.ts';
import { storedApp } from '../app-settings/index.ts';
import { ADDRESS_EXEMPT_RANK } from '../policy/index.ts';
import { roleRanks } from '../roles/index.ts';
import { addressesOf } from '../users/index.ts';
import {
  type AddressPlan,
  planOfKnown,
  planOfRanges,
  SKIP_REASONS,
  type SpareRules,
} from './address-plan.ts';
import { addressesInCalls, banEndOf, replacePrefixes, type Sighting, sightings } from './ip-bans.store.ts';
import { candidatePrefixes, isWithin, textBounds } from './ip-prefix.ts';

/** How far back a person's addresses are taken and other people's are counted: 24 hours in milliseconds. */
export const SEEN_MS = 24 * 60 * 60 * 1000;
/** How many people a dry run names. */
const OTHERS_MAX = 100;
/** How many of a person's addresses a ban takes, the latest first. */
const KNOWN_MAX = 100;

/** Bans by address: the truth is in the database, nothing is kept in memory (docs/adr/0005). */
export interface AddressBans {
  /** The source `isAddressBanned` of policy. False for text that is no address. */
  isBanned(handle: Handle, address: string, now: number): Promise<boolean>;
  /** What a ban would take: the given ranges, or the person's addresses of the last 24 hours. */
  plan(
    handle: Handle,
    target: UserId,
    ranges: readonly string[] | undefined,
    now: number,
  ): Promise<AddressPlan>;
  /** Makes the plan's prefixes those of the ban, with the ban's end. */
  store(tx: Tx, ban: { id: BanId; expires_at: number | null }, plan: AddressPlan): Promise<void>;
  /** Whom else the plan hits now and hit in the last 24 hours, as the reply tells. */
  outcome(handle: Handle, target: UserId, plan: AddressPlan, now: number): Promise<Hits>;
}

/** A plan with the people whom it hits, the latest first. */
export interface Hits {
  plan: AddressPlan;
  others: { user_id: UserId; in_call: boolean; seen: number }[];
}

export function createAddressBans(deps: {
  /** Proxies that the configuration names, as CIDR: their own addresses are never banned. */
  trustedProxies: readonly string[];
}): AddressBans {
  const proxies = prefixesIn(deps.trustedProxies);
  const rulesOf = async (handle: Handle): Promise<SpareRules> => {
    const { ip_bans: settings } = (await storedApp(handle)).settings;
    return {
      allowlist: prefixesIn(settings.allowlist),
      proxies,
      includePrivate: settings.include_private,
      ipv6Length: settings.ipv6_prefix_length,
    };
  };
  return {
    async isBanned(handle, address, now) {
      const endsAt = await banEndOfAddress(handle, address);
      if (endsAt === null || endsAt <= now) return false;
      // Asked last: the settings may spare an address that an older or wider ban holds, and hardly anybody is banned.
      return planOfKnown([address], await rulesOf(handle)).prefixes.length > 0;
    },
    async plan(handle, target, ranges, now) {
      const rules = await rulesOf(handle);
      if (ranges) return planOfRanges(ranges, rules);
      const [remembered, live] = await Promise.all([
        addressesOf(handle, target, now - SEEN_MS),
        addressesInCalls(handle, target),
      ]);
      const known = [...new Set([...live.map((session) => session.address), ...remembered])];
      return planOfKnown(known.slice(0, KNOWN_MAX), rules);
    },
    store: (tx, ban, plan) => replacePrefixes(tx, ban.id, plan.prefixes.map(prefixText), ban.expires_at),
    async outcome(handle, target, plan, now) {
      if (plan.prefixes.length === 0) return { plan, others: [] };
      const [seen, rankOf] = await Promise.all([
        sightings(handle, plan.prefixes.map(textBounds), now - SEEN_MS),
        roleRanks(handle),
      ]);
      const isHit = (sighting: Sighting): boolean =>
        sighting.user_id !== target &&
        (rankOf.get(sighting.role) ?? 0) < ADDRESS_EXEMPT_RANK &&
        isWithin(sighting.address, plan.prefixes);
      return { plan, others: perPerson(seen.filter(isHit)) };
    },
  };
}

/** Of the prefixes around an address; null for text that is no address. */
const banEndOfAddress = remembered(async (handle, address: string) => {
  const canonical = canonicalAddress(address);
  return canonical === null ? null : banEndOf(handle, candidatePrefixes(canonical));
});

const prefixesIn = (texts: readonly string[]): Prefix[] => texts.flatMap((text) => parsePrefix(text) ?? []);

function perPerson(seen: readonly Sighting[]): Hits['others'] {
  const people = new Map<UserId, Hits['others'][number]>();
  for (const sighting of seen) {
    const known = people.get(sighting.user_id);
    people.set(sighting.user_id, {
      user_id: sighting.user_id,
      in_call: sighting.live === 1 || (known?.in_call ?? false),
      seen: Math.max(sighting.seen, known?.seen ?? 0),
    });
  }
  return [...people.values()].sort((a, b) => b.seen - a.seen || (a.user_id < b.user_id ? -1 : 1));
}

/** The reply's `ip_ban`: prefixes for server tokens only, names only in a dry run. */
export function outcomeResponse(
  { plan, others }: Hits,
  show: { prefixes: boolean; others: boolean },
): IpBanOutcome {
  const skipped = SKIP_REASONS.flatMap((reason) => {
    const count = plan.skipped[reason];
    return count === undefined ? [] : { reason, count };
  });
  return {
    prefix_count: plan.prefixes.length,
    ...(show.prefixes && { prefixes: plan.prefixes.map(prefixText) }),
    others_in_calls: others.filter((other) => other.in_call).length,
    others_last_24_hours: others.length,
    ...(show.others && {
      others: others.slice(0, OTHERS_MAX).map(({ user_id, in_call, seen }) => ({
        user_id,
        in_call,
        last_seen_at: toTime(seen),
      })),
    }),
    ...(skipped.length > 0 && { skipped }),
  };
}
