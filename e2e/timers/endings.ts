import { demand } from '../crash/state.ts';
import type { RunningServer } from '../harness/index.ts';

/** What each round sets; a ring has two timers. */
const BANS = 40;
const GUESTS = 15;
const RINGS = 20;
/** Bans that are set while others end, until the server is gone. */
const LATE_BANS = 100;
/** Requests at once. */
const AT_ONCE = 8;
/** The shortest that bans and guests last, in milliseconds; rings are made to last as long. */
export const LASTING_MS = 60_000;
/** How long after the end of a ring it counts as missed, in milliseconds. */
export const MISSED_AFTER_MS = 500;

/** Timers that a round sets, without those of late bans. */
export const TIMERS_PER_ROUND = BANS + GUESTS + 2 * RINGS;

/** Sets bans, guests and rings that all end by themselves after a minute. */
export interface Endings {
  prepare(server: RunningServer): Promise<void>;
  /** What one round lets end; all of it is acknowledged. */
  set(server: RunningServer, round: number): Promise<void>;
  /** Bans more people of the round, one after another, until the server is gone or nobody is left. */
  setMore(server: RunningServer, round: number): Promise<void>;
  /** Request ids of what was answered. */
  readonly acknowledged: ReadonlySet<string>;
}

type Request = readonly [path: string, body: object, token?: null];

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const lateId = (round: number, at: number): string => `late-${round}-${at}`;
const bannedId = (round: number, at: number): string => `banned-${round}-${at}`;
const ban = (id: string): Request => ['/api/v2/moderation/ban', { target_user_id: id, timeout: 1 }];
const guest = (): Request => ['/api/v2/guest', { user: { name: 'passing by' } }, null];
const RING = {
  incoming_call_timeout_ms: 1_000,
  auto_cancel_timeout_ms: LASTING_MS,
  missed_call_timeout_ms: LASTING_MS + MISSED_AFTER_MS,
};
const ring = (round: number, at: number): Request => {
  const members = ['caller', 'callee'].map((user_id) => ({ user_id }));
  const data = { created_by_id: 'caller', members, settings_override: { ring: RING } };
  return [`/api/v2/video/call/default/rung-${round}-${at}`, { ring: true, data }];
};

export function createEndings(): Endings {
  const acknowledged = new Set<string>();
  /** False: the server is gone. */
  const send = async (server: RunningServer, id: string, [path, body, token]: Request): Promise<boolean> => {
    const sent = { body, headers: { 'x-request-id': id }, ...(token === null && { token }) };
    const reply = await server.api('POST', path, sent).catch(() => undefined);
    if (!reply) return false;
    if (reply.status >= 300)
      throw new Error(`${path} answered ${reply.status} ${JSON.stringify(reply.body)}`);
    acknowledged.add(id);
    return true;
  };
  return {
    acknowledged,
    async prepare(server) {
      await demand(server, 'PATCH', '/api/v2/app', {
        guests: { enabled: true, expire_after_minutes: 1, per_address_per_hour: 10_000 },
      });
      await makeUsers(server, ['caller', 'callee']);
    },
    async set(server, round) {
      await makeUsers(
        server,
        numbers(BANS).map((at) => bannedId(round, at)),
      );
      await makeUsers(
        server,
        numbers(LATE_BANS).map((at) => lateId(round, at)),
      );
      const requests = [
        ...numbers(BANS).map((at) => ban(bannedId(round, at))),
        ...numbers(GUESTS).map(guest),
        ...numbers(RINGS).map((at) => ring(round, at)),
      ].entries();
      const runClient = async (): Promise<void> => {
        for (const [at, request] of requests) await send(server, `ending-${round}-${at}`, request);
      };
      await Promise.all(numbers(AT_ONCE).map(runClient));
    },
    async setMore(server, round) {
      for (const at of numbers(LATE_BANS)) {
        if (!(await send(server, `late-${round}-${at}`, ban(lateId(round, at))))) return;
      }
    },
  };
}

const makeUsers = (server: RunningServer, ids: readonly string[]) =>
  demand(server, 'POST', '/api/v2/users', { users: Object.fromEntries(ids.map((id) => [id, { id }])) });
