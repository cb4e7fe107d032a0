import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SessionDescription, SignalRequest } from '@livekit/protocol';
import type { Flood } from './flood-process.ts';

/** Clients in a process of their own that are through the door. */
export interface Flooding {
  readonly inside: number;
  begin(): void;
  /** What they sent, and how many of them are still in. */
  end(): Promise<{ sent: number; inside: number }>;
  /** Ends the process, whatever it does. */
  stop(): void;
}

/** Lets the clients in; resolves once all have knocked. They have other machines, so theirs is what this one has left over. */
export async function openFlood(flood: Flood): Promise<Flooding> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'flood-process.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.pid !== undefined) setPriority(child.pid, 19);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<{ sent: number; inside: number }> => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error('the flood has ended by itself');
    return JSON.parse(value);
  };
  const say = (text: string): void => void child.stdin.write(`${text}\n`);
  say(JSON.stringify(flood));
  const { inside } = await next();
  return {
    inside,
    begin: () => say('begin'),
    async end() {
      say('end');
      return next();
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

/** Characters of the longest description that the door reads, but for what stands around its sections. */
const LONGEST = 512 * 1024 - 1024;
const SECTIONS = 500;

/** The longest offer: as many m-lines as may be, in which nothing is sent, filled up with lines that nobody knows. */
export function longestOffer(): Uint8Array {
  const section = (mid: number): string[] => [
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    ...['a=inactive', 'a=rtcp-mux', 'a=rtpmap:111 opus/48000/2', 'a=setup:actpass'],
    ...['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx'],
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AA').join(':')}`,
  ];
  const all = Array.from({ length: SECTIONS }, (_, mid) => section(mid));
  const bare = all.flat().reduce((sum, line) => sum + line.length + 2, 0);
  const more = 'a=x-nobody-knows:'.padEnd(30, 'x');
  const times = Math.floor((LONGEST - 4 * SECTIONS - bare) / SECTIONS / (more.length + 2));
  const sdp = [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0'],
    `a=group:BUNDLE ${all.map((_, mid) => mid).join(' ')}`,
    ...all.flatMap((lines) => [...lines, ...Array.from({ length: times }, () => more)]),
    '',
  ].join('\r\n');
  const value = new SessionDescription({ type: 'offer', sdp, id: 1 });
  return new SignalRequest({ message: { case: 'offer', value } }).toBinary();
}
