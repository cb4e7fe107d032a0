import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { isPrivateAddress } from '@callgate/server/kernel/address.ts';
import { codeOf } from '../ask.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';
import { isOwn } from '../server.ts';
import { holdsUdpPort, serverPid } from '../server-process.ts';
import { answersStun } from '../stun.ts';
import { liveKitOf } from './media.ts';

/** The port of the media server inside, unless `CALLGATE_RTC_PORT` says otherwise. */
const RTC_PORT = 7882;

/** Whether the UDP port of the media server inside is free, or its own. LiveKit has ports of its own. */
export const mediaPort: Check = {
  name: 'media-port',
  async run(facts, signal) {
    if (liveKitOf(facts.config))
      return [ok('Media goes through LiveKit; its UDP ports are seen from outside alone.')];
    const port = facts.config.rtcPort ?? RTC_PORT;
    return [await portFinding(port, facts, signal), ...addressFindings(facts.config)];
  },
};

async function portFinding(port: number, facts: Facts, signal: AbortSignal): Promise<Finding> {
  const refusal = await whyNotBound(port);
  const isRunning = facts.server.kind === 'ours';
  if (refusal === undefined && !isRunning) return ok(`UDP port ${port} is free for the media server.`);
  if (refusal === undefined)
    return warning(
      `The server runs, and no media server listens on UDP port ${port}: joins answer without media.`,
      'Set LIVEKIT_URL (docs/guides/livekit.md), or start the media server inside where this version has one.',
    );
  if (refusal !== 'EADDRINUSE')
    return fault(
      `UDP port ${port} cannot be used: ${refusal}.`,
      'Set CALLGATE_RTC_PORT to a port above 1024.',
    );
  return takenFinding(port, facts, signal);
}

/** Somebody has the port: the server's own media server, or a stranger. */
async function takenFinding(port: number, { server, config }: Facts, signal: AbortSignal): Promise<Finding> {
  const pid = server.kind === 'ours' ? await serverPid(config.dataDir) : undefined;
  const isOurs = pid === undefined ? undefined : await holdsUdpPort(pid, port);
  if (isOurs === true) return ok(`The media server of the running server has UDP port ${port}.`);
  const mayBeOurs = server.kind === 'ours' && isOurs === undefined;
  const answers = await answersStun('127.0.0.1', port, signal);
  if (answers && mayBeOurs) return ok(`A media server answers on UDP port ${port}.`);
  if (mayBeOurs)
    return warning(
      `Somebody has UDP port ${port}; from here it cannot be seen whether that is the media server of the running server.`,
      'Ask as the user that the server runs as, or as root.',
    );
  return fault(
    answers
      ? `Another media server, or a TURN server, has UDP port ${port}.`
      : `Another program has UDP port ${port}: no media can flow there.`,
    'Find it with "ss -ulpn" and stop it, or set CALLGATE_RTC_PORT to another port, also in the firewall.',
  );
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

function addressFindings({ rtcIp, publicUrl }: Facts['config']): Finding[] {
  if (rtcIp !== null && isIP(rtcIp) === 0)
    return [
      fault(
        'CALLGATE_RTC_IP is not an IP address: clients would be told nothing that they can use.',
        'Set it to the public IPv4 address of this machine.',
      ),
    ];
  if (publicUrl === null || isOwn(publicUrl)) return [];
  if (rtcIp === null)
    return [
      warning(
        'CALLGATE_RTC_IP is not set: people elsewhere are told the addresses of this machine, which behind a router are not the ones that they reach.',
        'Set it to the public IPv4 address of this machine.',
      ),
    ];
  if (!isPrivateAddress(rtcIp)) return [];
  return [
    warning(
      `CALLGATE_RTC_IP is ${rtcIp}, a private address: people outside of this network get no media.`,
      'Set it to the public IPv4 address, and lead the UDP port to this machine.',
    ),
  ];
}
