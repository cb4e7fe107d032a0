import { parsePrefix } from '@callgate/server/kernel/address.ts';
import { ask } from '../ask.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, orOk } from '../finding.ts';
import { isOwn, notesOf } from '../server.ts';

/** Bits that a range of trusted proxies has at least: shorter ones hold the networks of strangers. */
const SHORTEST = { ipv4: 8, ipv6: 16 };
const IPV4_BYTES = 4;

const NAME_IT =
  'Set CALLGATE_TRUSTED_PROXIES to the addresses that your proxy connects from (127.0.0.1,::1 on the same machine) and start the server again.';

/** Whether the server knows people's addresses: bans by address and limits rest on them. */
export const proxy: Check = {
  name: 'proxy',
  async run(facts, signal) {
    const { trustedProxies, publicUrl } = facts.config;
    const wide = trustedProxies.filter(isWide);
    const isBehind = publicUrl !== null && !isOwn(publicUrl);
    const findings = [
      wide.length > 0 ? tooWide(wide) : undefined,
      isBehind && trustedProxies.length === 0 ? noneNamed() : undefined,
      ...(facts.server.kind === 'ours' ? await asked(facts, signal) : []),
    ];
    const fine =
      trustedProxies.length > 0
        ? 'Addresses are taken from the named proxies, and no other one showed up.'
        : 'No proxy is named, and none showed up.';
    return orOk(findings, fine);
  },
};

function isWide(range: string): boolean {
  const prefix = parsePrefix(range);
  if (prefix === null) return false;
  return prefix.length < (prefix.bytes.length === IPV4_BYTES ? SHORTEST.ipv4 : SHORTEST.ipv6);
}

const tooWide = (ranges: readonly string[]): Finding =>
  fault(
    `CALLGATE_TRUSTED_PROXIES trusts ${ranges.join(', ')}: anybody in there may forge the address of a request.`,
    'Name the addresses of your proxies alone.',
  );

const noneNamed = (): Finding =>
  fault(
    'The server stands behind a proxy and trusts none: everybody has the address of the proxy, bans by address hold for nobody, and all people share one limit.',
    NAME_IT,
  );

/** What the running server sees, after a request through the proxy. */
async function asked({ config, baseUrl }: Facts, signal: AbortSignal): Promise<(Finding | undefined)[]> {
  const url = config.publicUrl?.replace(/\/+$/, '');
  const through =
    url !== undefined && isBehindProxy(url, config.port)
      ? await ask(`${url}/metrics`, { signal }).catch(() => undefined)
      : undefined;
  const notes = await notesOf(baseUrl, signal);
  return [
    through?.status === 200 ? tellsNothing() : undefined,
    notes.length > 0
      ? fault(
          notes.join(' '),
          `${NAME_IT} The log of the server names the addresses; one that is not your proxy's is somebody who forges: let nobody but the proxy reach the port.`,
        )
      : undefined,
  ];
}

/** The server itself speaks no TLS, and has one port. */
const isBehindProxy = (url: string, port: number): boolean =>
  url.startsWith('https:') || (new URL(url).port || '80') !== String(port);

/** `/metrics` answers this machine alone: through the proxy it must not. */
const tellsNothing = (): Finding =>
  fault(
    'The proxy does not tell whose requests it passes on: everybody seems to be this machine, and /metrics is open to the world.',
    'Let it set X-Forwarded-For to the address of its client; Caddy does by itself, nginx needs proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for.',
  );
