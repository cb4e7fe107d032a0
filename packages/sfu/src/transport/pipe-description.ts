import type { LocalParameters, RemoteParameters } from './transport.ts';

/**
 * The description that the library is given in place of the client's. It finds the track of a packet by the sources that a
 * description names, and drops what it does not find; with one media section alone it hands everything to that one, whatever
 * source, payload type or section the packet is of. So the client's own sections never reach it.
 */
export function pipeDescription(remote: RemoteParameters): string {
  return [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE 0${remote.hasData ? ' 1' : ''}`],
    ...[`a=ice-ufrag:${remote.ufrag}`, `a=ice-pwd:${remote.pwd}`],
    ...[`a=fingerprint:${remote.fingerprint}`, `a=setup:${remote.setup}`],
    ...['m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendrecv', 'a=rtcp-mux'],
    'a=rtpmap:96 VP8/90000',
    ...(remote.hasData ? DATA_SECTION : []),
    '',
  ].join('\r\n');
}

const DATA_SECTION = [
  ...['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:1'],
  ...['a=sctp-port:5000', 'a=max-message-size:262144'],
];

/** What a field may be, so that no line of the client's own making gets into the description (RFC 8839, RFC 8122). */
const FIELDS = {
  ufrag: /^[A-Za-z0-9+/=_-]{4,256}$/,
  pwd: /^[A-Za-z0-9+/=_-]{22,256}$/,
  fingerprint: /^sha-(?:1|224|256|384|512) [0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){19,63}$/,
  setup: /^(?:active|passive|actpass)$/,
};

/** Throws a TypeError that names the field. */
export function checkRemote(remote: RemoteParameters): void {
  for (const [field, pattern] of Object.entries(FIELDS))
    if (!pattern.test(remote[field as keyof typeof FIELDS]))
      throw new TypeError(`${field} is not what a description may hold; offer again with the browser's own`);
}

/**
 * What an open connection cannot take up any more. Throws a TypeError that names the field. Data are among it because
 * libdatachannel 0.24.5 waits for ever where SCTP is begun after the other side has: a client could stop us all.
 */
export function checkSame(before: RemoteParameters, now: RemoteParameters): void {
  if (now.fingerprint !== before.fingerprint)
    throw new TypeError('fingerprint is another one than before; open a new connection');
  if (now.hasData && !before.hasData)
    throw new TypeError('data channels belong into the first offer of a connection; open a new one');
}

/** What the library says of us. Throws an Error when it says less than what a client needs. */
export function readLocal(description: string | undefined): LocalParameters {
  const all = (name: string): string[] =>
    [...(description ?? '').matchAll(new RegExp(`^a=(${name}:.*?)\\r?$`, 'gm'))].map(
      ([, line]) => line ?? '',
    );
  const read = (name: string): string => {
    const [line] = all(name);
    if (line === undefined) throw new Error(`the transport's own description has no ${name}`);
    return line.slice(name.length + 1);
  };
  const setup = read('setup');
  if (setup !== 'active' && setup !== 'passive' && setup !== 'actpass') throw new Error(`setup ${setup}`);
  const parameters = { ufrag: read('ice-ufrag'), pwd: read('ice-pwd'), fingerprint: read('fingerprint') };
  // The same ones stand in every section.
  return { ...parameters, setup, candidates: [...new Set(all('candidate'))] };
}

/** More than what any interface of the machine has: clients try the advertised address first. */
const ADVERTISED_PRIORITY = 2_130_706_431;

/**
 * Candidate lines with the advertised address in front: somebody else's router passes it on to us. It has the port of the
 * first of our own.
 */
export function withAdvertised(
  candidates: readonly string[],
  address: string | undefined,
): readonly string[] {
  const port = candidates[0]?.split(' ')[5];
  if (address === undefined || port === undefined) return candidates;
  return [`candidate:advertised 1 UDP ${ADVERTISED_PRIORITY} ${address} ${port} typ host`, ...candidates];
}
