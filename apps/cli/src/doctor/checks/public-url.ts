import { isLoopback } from '@callgate/server/config.ts';
import { toTime } from '@callgate/server/kernel/clock.ts';
import { ask, askForSocket, plainReason } from '../ask.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';
import { ANSWER_MS, askWho, isOwn } from '../server.ts';

const GUIDE = 'docs/guides/one-machine.md shows how.';
/** When the end of a certificate is told, in milliseconds before it: Let's Encrypt is renewed 30 days before. */
const SOON_MS = 14 * 86_400_000;

/** Whether people reach the server where the settings say, by TLS, sockets included. */
export const publicUrl: Check = {
  name: 'public-url',
  async run(facts, signal) {
    const settings = settingsOf(facts.config);
    const { publicUrl: configured } = facts.config;
    if (configured === null) return settings;
    if (facts.server.kind !== 'ours')
      return [...settings, ok(`${configured} was not asked, because the server does not run.`)];
    return [...settings, ...(await reach(configured.replace(/\/+$/, ''), facts, signal))];
  },
};

function settingsOf({ host, port, publicUrl: url }: Facts['config']): Finding[] {
  if (url === null && isLoopback(host))
    return [
      warning(
        'Only this machine reaches the server: it listens on loopback, and CALLGATE_PUBLIC_URL is not set.',
        `For people elsewhere put a proxy with TLS before it and set CALLGATE_PUBLIC_URL to its https address; ${GUIDE}`,
      ),
    ];
  if (url === null || (url.startsWith('http:') && !isOwn(url)))
    return [
      fault(
        'People reach the server without TLS: their tokens can be read on the way, and browsers give camera and microphone to https pages alone.',
        `Put a proxy with TLS before it and set CALLGATE_PUBLIC_URL to its https address; ${GUIDE}`,
      ),
    ];
  if (isLoopback(host)) return [];
  return [
    warning(
      `Beside the proxy, port ${port} is open without TLS on ${host}.`,
      'Set HOST=127.0.0.1 when the proxy runs on this machine; else let a firewall pass the proxy alone.',
    ),
  ];
}

async function reach(url: string, { credentials, clock }: Facts, signal: AbortSignal): Promise<Finding[]> {
  const who = await askWho(url, credentials, signal);
  if (who.kind === 'silent')
    return [
      fault(
        `${url} cannot be reached from here: ${who.reason}.`,
        'See that the name leads to this machine, that ports 80 and 443 are open and that the proxy runs (its log tells about certificates). A router that does not lead its own network back to itself shows the same: then try from outside.',
      ),
    ];
  if (who.kind !== 'ours')
    return [
      fault(
        `${url} does not lead to this server: ${who.kind === 'another' ? who.why : `the answer is ${who.status}`}.`,
        'See where the name leads, to which address the proxy passes requests on, and that it keeps the Host header.',
      ),
    ];
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const status = await askForSocket(`${url}/api/v2/video/connect`, bounded).catch(plainReason);
  const found = [socketFinding(url, status), await certificateFinding(url, clock.now(), signal)];
  const wrong = found.filter((finding) => finding !== undefined);
  return wrong.length > 0 ? wrong : [ok(`${url} leads to this server, WebSockets included.`)];
}

const socketFinding = (url: string, status: number | string): Finding | undefined =>
  status === 101
    ? undefined
    : fault(
        `${url} does not pass WebSockets on (${status}): nobody gets into the media, and no event is heard.`,
        'Let the proxy pass the Upgrade and Connection headers on; Caddy does by itself, nginx needs proxy_http_version 1.1 and two proxy_set_header lines.',
      );

async function certificateFinding(
  url: string,
  now: number,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const { certificateUntil } = await ask(`${url}/healthz`, { signal });
  if (certificateUntil === undefined || certificateUntil > now + SOON_MS) return undefined;
  return warning(
    `The certificate of ${url} ends on ${toTime(certificateUntil).slice(0, 10)}.`,
    'Renew it. Where the proxy does that by itself, its log says why it does not: mostly port 80 or 443 is closed to the authority.',
  );
}
