import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Where a request came from. */
export interface ClientAddress {
  /** Canonical; `::ffff:` forms are IPv4. For limits and logs. */
  address: string;
  /** The peer sent `X-Forwarded-For` without being a named proxy: the address may be that of a whole service. */
  untrustedProxy: boolean;
}

/** Reads the address of requests; `X-Forwarded-For` counts only from the named proxies (addresses or ranges). */
export function addressReader(
  trustedProxies: readonly string[],
): (message: IncomingMessage) => ClientAddress {
  const ranges = trustedProxies.map(rangeOf);
  return (message) => {
    const peer = canonicalAddress(message.socket.remoteAddress ?? '') ?? 'unknown';
    const forwarded = message.headers['x-forwarded-for'];
    if (forwarded === undefined) return { address: peer, untrustedProxy: false };
    if (!isIn(peer, ranges)) return { address: peer, untrustedProxy: true };
    return { address: farthestTrusted(peer, String(forwarded), ranges), untrustedProxy: false };
  };
}

/** The canonical form of an address, without zone and `::ffff:`; undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const bare = text.replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined;
}

/** Right-most hop that is not a proxy of ours; anything unreadable ends the search at the proxy that said it. */
function farthestTrusted(peer: string, forwarded: string, ranges: readonly Range[]): string {
  let last = peer;
  for (const hop of forwarded.split(',').reverse()) {
    const address = canonicalAddress(withoutPort(hop.trim()));
    if (address === undefined) return last;
    last = address;
    if (!isIn(address, ranges)) return last;
  }
  return last;
}

/** Some proxies add the port: `203.0.113.7:4711`, `[2001:db8::1]:4711`. */
const withoutPort = (hop: string): string =>
  /^\[(.*)\](:\d+)?$/.exec(hop)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop;

function rangeOf(text: string): Range {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function isIn(address: string, ranges: readonly Range[]): boolean {
  if (ranges.length === 0 || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((range) => parsed.kind() === range[0].kind() && parsed.match(range));
}
