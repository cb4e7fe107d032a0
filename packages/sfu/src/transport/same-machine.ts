import { networkInterfaces } from 'node:os';

/** As browsers write the candidate of a socket of theirs; component 1 is the one that RTP and RTCP share. */
const HOST = /^candidate:\S{1,32} 1 udp \d{1,10} (\S{1,253}) (\d{1,5}) typ host(?: |$)/i;

/** Privileged ports are no browser's: nobody makes us send there. */
const LOWEST_PORT = 1_024;
/** Addresses of this machine that are tried for a client that hides its own. */
const MOST_ADDRESSES = 8;

/** Whether nobody but this machine reaches what is bound to this address. */
export const isOwnLoopback = (address: string | undefined): boolean => address?.startsWith('127.') ?? false;

/**
 * A client's candidate, as candidates of this machine that it may be: the one whose address is ours, or, where the browser
 * hides it behind a name (`<uuid>.local`), each of our addresses with its port. None for everything else, so that no client
 * makes us send to other machines.
 */
export function candidatesHere(candidate: string): readonly string[] {
  const [, host = '', port = ''] = HOST.exec(candidate) ?? [];
  if (Number(port) < LOWEST_PORT || Number(port) > 65_535) return [];
  const addresses = ownAddresses().filter((address) => address === host || host.endsWith('.local'));
  return addresses.map((address, at) => `candidate:${at} 1 UDP 1 ${address} ${port} typ host`);
}

const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address)
    .slice(0, MOST_ADDRESSES);
