import ipaddr from 'ipaddr.js';

/** The canonical form: `::ffff:` forms are IPv4, no zone; undefined when the text is no address. */
export function canonicalAddress(text: string): string | undefined {
  const bare = text.replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined;
}

/** Ranges of which one address may stand for many people, or for the machine itself. */
const PRIVATE_RANGES: ReadonlySet<string> = new Set([
  'unspecified',
  'loopback',
  'private',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
]);

/** Whether a canonical address is loopback, private, link-local or shared by a carrier: not to be banned by itself. */
export function isPrivateAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (PRIVATE_RANGES.has(parsed.range())) return true;
  // `::7f00:1` is loopback in a form that ipaddr.js calls unicast: nothing public is below ::/96.
  return parsed.kind() === 'ipv6' && parsed.match(ipaddr.parseCIDR('::/96'));
}

/** What a quota per address counts: the IPv4 address, or the /64 of an IPv6 one; `unknown` for null. */
export function quotaAddress(address: string | null): string {
  const canonical = address === null ? undefined : canonicalAddress(address);
  if (canonical === undefined) return 'unknown';
  const parsed = ipaddr.parse(canonical);
  if (parsed.kind() === 'ipv4') return canonical;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${canonical}/64`).toString()}/64`;
}
