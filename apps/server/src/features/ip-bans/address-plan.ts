import { covers, type Prefix, parsePrefix, prefixText } from '../../kernel/address.ts';
import { alignedPrefixes, isPrivatePrefix, parseRange, prefixOfAddress } from './ip-prefix.ts';

/** Addresses that no ban takes (api.md 0.8), and how much of an IPv6 address one takes. */
export interface SpareRules {
  allowlist: readonly Prefix[];
  proxies: readonly Prefix[];
  /** Loopback, private and proxy addresses may be banned after all. */
  includePrivate: boolean;
  ipv6Length: number;
}

/** Why a known address is left out, as the reply names it. */
export const SKIP_REASONS = ['private', 'proxy', 'allowlist'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** The prefixes that a ban takes, and how many addresses it leaves out, by reason. */
export interface AddressPlan {
  prefixes: Prefix[];
  skipped: Partial<Record<SkipReason, number>>;
}

/** Why the whole prefix is spared; null: it is not. */
export function skipReason(prefix: Prefix, rules: SpareRules): SkipReason | null {
  if (rules.allowlist.some((range) => covers(range, prefix))) return 'allowlist';
  if (rules.includePrivate) return null;
  if (rules.proxies.some((range) => covers(range, prefix))) return 'proxy';
  return isPrivatePrefix(prefix) ? 'private' : null;
}

/** A person's known addresses: each is judged as the address it is, then taken as exact IPv4 or as IPv6 prefix. */
export function planOfKnown(addresses: readonly string[], rules: SpareRules): AddressPlan {
  const whole = addresses.flatMap((address) => parsePrefix(address) ?? []);
  return plan(whole, rules, (prefix) => prefixOfAddress(prefix, rules.ipv6Length));
}

/** Ranges as a request names them. Throws 400/4 naming `ip_ranges.<n>` that is none or too wide. */
export function planOfRanges(ranges: readonly string[], rules: SpareRules): AddressPlan {
  const prefixes = ranges.map((range, at) => parseRange(range, `ip_ranges.${at}`));
  return plan(prefixes, rules, (prefix) => prefix);
}

function plan(found: readonly Prefix[], rules: SpareRules, taken: (prefix: Prefix) => Prefix): AddressPlan {
  const skipped: AddressPlan['skipped'] = {};
  const prefixes = new Map<string, Prefix>();
  for (const prefix of found) {
    const reason = skipReason(prefix, rules);
    if (reason) skipped[reason] = (skipped[reason] ?? 0) + 1;
    else for (const part of alignedPrefixes(taken(prefix))) prefixes.set(prefixText(part), part);
  }
  return { prefixes: [...prefixes.keys()].sort().flatMap((text) => prefixes.get(text) ?? []), skipped };
}

/** The plan's prefixes as text, sorted. */
export const prefixTexts = ({ prefixes }: AddressPlan): string[] => prefixes.map(prefixText);
