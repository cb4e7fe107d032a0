import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** The process that holds a data folder; undefined when it did not write that down. */
export async function serverPid(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'callgate.pid'), 'utf8').catch(() => '');
  return /^[0-9]+\n?$/.test(text) ? Number(text) : undefined;
}

/** Who has a port: nobody, the process or one that it started, another one, or somebody who cannot be seen from here. */
export type Holder = 'nobody' | 'ours' | 'other' | 'unknown';

/** Who has a UDP port. Only Linux tells, and whose socket it is only to the same user and to root. */
export async function udpHolder(port: number, pid: number | undefined): Promise<Holder> {
  try {
    const sockets = await socketsOn(port);
    if (sockets.size === 0) return 'nobody';
    if (pid === undefined) return 'unknown';
    for (const each of [pid, ...(await startedBy(pid))])
      if ((await openSockets(each)).some((inode) => sockets.has(inode))) return 'ours';
    return 'other';
  } catch {
    return 'unknown';
  }
}

/** Inodes of the UDP sockets that are bound to a port, on any address. */
async function socketsOn(port: number): Promise<ReadonlySet<string>> {
  const local = new RegExp(`^[0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')}$`);
  const inodes = new Set<string>();
  for (const table of ['/proc/net/udp', '/proc/net/udp6'])
    for (const line of (await readFile(table, 'utf8')).split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (local.test(fields[1] ?? '') && fields[9] !== undefined) inodes.add(fields[9]);
    }
  return inodes;
}

/** Children and their children. */
async function startedBy(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    // The name of the program is in brackets and may hold anything; behind it come the state and the parent.
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(/^.*\) \S (\d+)/s.exec(stat)?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  for (let next = [pid]; next.length > 0; ) {
    next = next.flatMap((parent) => children.get(parent) ?? []);
    found.push(...next);
  }
  return found;
}

async function openSockets(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder);
  const targets = await Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => '')));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}
