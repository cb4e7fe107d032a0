import { lookup, Resolver } from 'node:dns/promises';

/** Answers the addresses of a name; a port, so that a test can play a DNS that lies. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** A DNS server that does not answer is asked twice, for two seconds each. */
const dns = new Resolver({ timeout: 2_000, tries: 2 });
const NOT_THERE = new Set(['ENOTFOUND', 'ENODATA']);

/** Names that only this machine knows are looked up one at a time. */
let local: Promise<unknown> = Promise.resolve();

/**
 * Asks DNS without a thread: `dns.lookup` takes one of the pool's four for as long as it waits, and those threads sync
 * commits to disk. It is asked only about names that DNS does not have: those of the hosts file and search domains.
 */
export async function resolveHost(hostname: string): Promise<readonly string[]> {
  const answers = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)]);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length > 0) return found;
  const failed = answers.find((answer) => answer.status === 'rejected' && !isNotThere(answer.reason));
  if (failed?.status === 'rejected') throw failed.reason;
  const turn = local.then(() => lookup(hostname, { all: true }));
  local = turn.catch(() => undefined);
  return (await turn).map(({ address }) => address);
}

const isNotThere = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && NOT_THERE.has(String(error.code));
