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
    return [await portFinding(facts, signal), ...addressFindings(facts.config)];
  },
};

const noMedia = (): Finding =>
  warning(
    'No media server is configured: joins answer without media.',
    'Set CALLGATE_MEDIA=embedded for rooms of about ten cameras or a few hundred listeners, or LIVEKIT_URL (docs/guides/livekit.md).',
  );

function portFinding(facts: Facts, signal: AbortSignal): Promise<Finding> {
  return facts.server.kind === 'ours' ? whileRunning(facts, signal) : beforeStart(facts, signal);
}

async function beforeStart({ config }: Facts, signal: AbortSignal): Promise<Finding> {
  const { mediaPort: port } = config;
  const refusal = await whyNotBound(port);
  if (refusal === undefined) return ok(`UDP port ${port} is free for the media server.`);
  if (refusal !== 'EADDRINUSE')
    return fault(
      `UDP port ${port} cannot be used: ${refusal}.`,
      'Set CALLGATE_MEDIA_PORT to a port above 1024.',
    );
  return stranger(port, signal);
}

/** Looks without taking the port, which the media server itself takes when the first client comes. */
async function whileRunning({ config }: Facts, signal: AbortSignal): Promise<Finding> {
  const { mediaPort: port } = config;
  switch (await udpHolder(port, await serverPid(config.dataDir))) {
    case 'nobody':
      return ok(`UDP port ${port} is free; the media server takes it when somebody joins.`);
    case 'ours':
      return ok(`The media server of the running server has UDP port ${port}.`);
    case 'other':
      return stranger(port, signal);
    case 'unknown':
      if (await answersStun('127.0.0.1', port, signal))
        return ok(`A media server answers on UDP port ${port}.`);
      return warning(
        `It cannot be seen from here whether UDP port ${port} is the media server's.`,
        'Ask as the user that the server runs as, or as root.',
      );
  }
}

const stranger = async (port: number, signal: AbortSignal): Promise<Finding> =>
  fault(
    (await answersStun('127.0.0.1', port, signal))
      ? `Another media server, or a TURN server, has UDP port ${port}.`
      : `Another program has UDP port ${port}: no media can flow there.`,
    'Find it with "ss -ulpn" and stop it, or set CALLGATE_MEDIA_PORT to another port, also in the firewall.',
  );

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

function addressFindings({ host, mediaAddress, publicUrl }: Facts['config']): Finding[] {
  if (publicUrl === null || isOwn(publicUrl)) return [];
  const mend = 'Set it to the public IPv4 address of this machine; behind a router lead the UDP port to it.';
  if (mediaAddress === null && isLoopback(host))
    return [
      fault(
        'CALLGATE_MEDIA_ADDRESS is not set, and the server listens on loopback: media stays on this machine, and nobody elsewhere gets any.',
        mend,
      ),
    ];
  if (mediaAddress === null)
    return [
      warning(
        'CALLGATE_MEDIA_ADDRESS is not set: people elsewhere are told the addresses of this machine, which behind a router are not the ones that they reach.',
        mend,
      ),
    ];
  if (!isPrivateAddress(mediaAddress)) return [];
  return [
    warning(
      `CALLGATE_MEDIA_ADDRESS is ${mediaAddress}, a private address: people outside of this network get no media.`,
      mend,
    ),
  ];
}
