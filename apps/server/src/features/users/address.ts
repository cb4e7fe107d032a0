import { canonicalAddress, parsePrefix, prefixText, shorten } from '../../kernel/address.ts';

/** One customer of a provider holds at least this much of IPv6: what a quota counts as one address. */
const IPV6_QUOTA_BITS = 64;

/** What a quota per address counts: the IPv4 address, or the /64 of an IPv6 one; `unknown` for null. */
export function quotaAddress(address: string | null): string {
  const canonical = address === null ? null : canonicalAddress(address);
  const prefix = canonical === null ? null : parsePrefix(canonical);
  return prefix ? prefixText(shorten(prefix, IPV6_QUOTA_BITS)) : 'unknown';
}
