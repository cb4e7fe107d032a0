import { isIP } from 'node:net';
import { type Config, isLoopback } from '../config.ts';
import { BoundedMap } from '../kernel/bounded-map.ts';

/** Headers whose answer is remembered: finding it takes 1 µs, and clients name few hosts. */
const REMEMBERED = { entries: 1000, characters: 64_000 };

/**
 * Whether a `Host` header names this server. A web page can point a name of its own at a loopback address and read
 * what answers there; so names must be listed. Loopback names hold for a loopback address, addresses for others (a
 * page cannot give itself an address as name).
 */
export function hostChecker(
  config: Pick<Config, 'host' | 'allowedHosts' | 'publicUrl'>,
): (host: string | undefined) => boolean {
  const listed = new Set(config.allowedHosts.map((name) => name.toLowerCase()));
  if (config.publicUrl !== null) listed.add(new URL(config.publicUrl).host.toLowerCase());
  const onLoopback = isLoopback(config.host);
  const names = (header: string): boolean => {
    const host = header.toLowerCase();
    const name = nameOf(host);
    if (name === undefined) return false;
    if (listed.has(host) || listed.has(name)) return true;
    if (onLoopback) return isLoopback(name);
    return isIP(name) !== 0 || name === 'localhost' || name === config.host.toLowerCase();
  };
  const known = new BoundedMap<boolean>(REMEMBERED);
  return (header = '') => {
    const seen = known.get(header);
    if (seen !== undefined) return seen;
    const answer = names(header);
    known.set(header, answer);
    return answer;
  };
}

/** The name without the port, and without the brackets of an IPv6 address. */
function nameOf(host: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/.exec(host) ?? [];
  return bracketed ?? plain;
}
