import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { BoundedMap } from '../kernel/bounded-map.ts';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Where a request came from. */
export interface ClientAddress {
  /** Canonical; `::ffff:` forms are IPv4. For limits and logs. */
  address: string;
  /** The peer sent `X-Forwarded-For` without being a named proxy: the address may be that of a whole service. */
  untrustedProxy: boolean;
}

/** An address that a request came through. */
interface Hop {
  address: string;
  /** One of the named proxies. */
  trusted: boolean;
}

/** Addresses whose reading is remembered: reading one takes 2 µs, and most requests come from a peer seen before. */
const REMEMBERED = { entries: 1000, characters: 64_000 };
const UNKNOWN: Hop = { address: 'unknown', trusted: false };

/** Reads the address of requests; `X-Forwarded-For` counts only from the named proxies (addresses or ranges). */
export function addressReader(
  trustedProxies: readonly string[],
): (message: IncomingMessage) => ClientAddress {
  const ranges = trustedProxies.map(rangeOf);
  const known = new BoundedMap<Hop>(REMEMBERED);
  /** Undefined for what is no address. */
  const hopOf = (text: string): Hop | undefined => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const address = canonicalAddress(text);
    if (address === undefined) return undefined;
    const hop = { address, trusted: isIn(address, ranges) };
    known.set(text, hop);
    return hop;
  };
  return ({ socket, headers }) => {
    const peer = hopOf(socket.remoteAddress ?? '') ?? UNKNOWN;
    const forwarded = headers['x-forwarded-for'];
    if (forwarded === undefined) return { address: peer.address, untrustedProxy: false };
    if (!peer.trusted) return { address: peer.address, untrustedProxy: true };
    return { address: farthestTrusted(peer, String(forwarded), hopOf), untrustedProxy: false };
  };
}

/** The canonical form of an address, without zone and `::ffff:`; undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const bare = text.replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined;
}

/** Right-most hop that is not a proxy of ours; anything unreadable ends the search at the proxy that said it. */
function farthestTrusted(peer: Hop, forwarded: string, hopOf: (text: string) => Hop | undefined): string {
  let last = peer;
  for (const text of forwarded.split(',').reverse()) {
    const hop = hopOf(withoutPort(text.trim()));
    if (hop === undefined) return last.address;
    last = hop;
    if (!hop.trusted) return last.address;
  }
  return last.address;
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
