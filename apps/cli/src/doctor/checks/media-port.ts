import { createSocket } from 'node:dgram';
import { isLoopback } from '@callgate/server/config.ts';
import { isPrivateAddress } from '@callgate/server/kernel/address.ts';
import { codeOf } from '../ask.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';
import { isOwn } from '../server.ts';
import { serverPid, udpHolder } from '../server-process.ts';
import { answersStun } from '../stun.ts';
import { liveKitOf } from './media.ts';

/** Whether the UDP port of the media server inside is free, or its own. LiveKit has ports of its own. */
export const mediaPort: Check = {
  name: 'media-port',
  async run(facts, signal) {
    if (liveKitOf(facts.config))
      return [ok('Media goes through LiveKit; its UDP ports are seen from outside alone.')];
    if (facts.config.media === 'none') return [noMedia()];
    const port = facts.config.rtcPort === 0 ? anyPort() : await portFinding(facts, signal);
    return [port, ...addressFindings(facts.config)];
  },
};

const anyPort = (): Finding => ok('The media server takes any free UDP port (CALLGATE_RTC_PORT is 0).');

const noMedia = (): Finding =>
  warning(
    'There is no media server (CALLGATE_MEDIA=none): joins answer without media.',
    'Take CALLGATE_MEDIA=none away, or set LIVEKIT_URL (docs/guides/livekit.md).',
  );

function portFinding(facts: Facts, signal: AbortSignal): Promise<Finding> {
  return facts.server.kind === 'ours' ? whileRunning(facts, signal) : beforeStart(facts, signal);
}

/** The port of the media server inside where no setting says otherwise. */
const RTC_PORT = 7882;

const portOf = ({ rtcPort }: Facts['config']): number => rtcPort ?? RTC_PORT;

async function beforeStart({ config }: Facts, signal: AbortSignal): Promise<Finding> {
  const port = portOf(config);
  const refusal = await whyNotBound(port);
  if (refusal === undefined) return ok(`UDP port ${port} is free for the media server.`);
  if (refusal !== 'EADDRINUSE')
    return fault(
      `UDP port ${port} cannot be used: ${refusal}.`,
      'Set CALLGATE_RTC_PORT to a port above 1024.',
    );
  return stranger(config, signal);
}

/** Looks without taking the port, which the media server itself takes when the first client comes. */
async function whileRunning({ config }: Facts, signal: AbortSignal): Promise<Finding> {
  const port = portOf(config);
  switch (await udpHolder(port, await serverPid(config.dataDir))) {
    case 'nobody':
      return ok(`UDP port ${port} is free; the media server takes it when somebody joins.`);
    case 'ours':
      return ok(`The media server of the running server has UDP port ${port}.`);
    case 'other':
      return stranger(config, signal);
    case 'unknown':
      if (await answersStun('127.0.0.1', port, signal))
        return ok(`A media server answers on UDP port ${port}.`);
      return warning(
        `It cannot be seen from here whether UDP port ${port} is the media server's.`,
        'Ask as the user that the server runs as, or as root.',
      );
  }
}

/** Without a setting the server takes another port then, which the firewall does not know. */
async function stranger(config: Facts['config'], signal: AbortSignal): Promise<Finding> {
  const port = portOf(config);
  const found = (await answersStun('127.0.0.1', port, signal))
    ? `Another media server, or a TURN server, has UDP port ${port}`
    : `Another program has UDP port ${port}`;
  const mend =
    'Find it with "ss -ulpn" and stop it, or set CALLGATE_RTC_PORT to another port, also in the firewall.';
  return config.rtcPort === null
    ? warning(`${found}: the media server takes any other one, which no firewall knows.`, mend)
    : fault(`${found}: no media can flow there.`, mend);
}

/** The code with which the port cannot be bound; undefined: it can. */
function whyNotBound(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createSocket('udp4');
    probe.once('error', (error) => {
      probe.close();
      resolve(codeOf(error));
    });
    probe.bind({ port, address: '0.0.0.0', exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

function addressFindings({ host, rtcIp, publicUrl }: Facts['config']): Finding[] {
  if (publicUrl === null || isOwn(publicUrl)) return [];
  const mend = 'Set it to the public IPv4 address of this machine; behind a router lead the UDP port to it.';
  if (rtcIp === null && isLoopback(host))
    return [
      fault(
        'CALLGATE_RTC_IP is not set, and the server listens on loopback: media stays on this machine, and nobody elsewhere gets any.',
        mend,
      ),
    ];
  if (rtcIp === null)
    return [
      warning(
        'CALLGATE_RTC_IP is not set: people elsewhere are told the addresses of this machine, which behind a router are not the ones that they reach.',
        mend,
      ),
    ];
  if (!isPrivateAddress(rtcIp)) return [];
  return [
    warning(
      `CALLGATE_RTC_IP is ${rtcIp}, a private address: people outside of this network get no media.`,
      mend,
    ),
  ];
}
