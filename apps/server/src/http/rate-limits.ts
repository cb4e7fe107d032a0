import type { Operation } from '@callgate/contract';
import type { Config } from '../config.ts';
import type { Caller } from '../features/policy/index.ts';
import type { Clock } from '../kernel/clock.ts';

/** What is left in the window of a request's counter. */
export interface Quota {
  /** `NO_LIMIT`: nothing is counted. */
  limit: number;
  remaining: number;
  /** End of the window in seconds since 1970. */
  resetAt: number;
  allowed: boolean;
}

/** What `X-RateLimit-Limit` says where nothing is limited: the largest 32-bit integer. */
export const NO_LIMIT = 2_147_483_647;
const WINDOW_MS = 60_000;

/** Requests per minute (api.md 0.14 and 9), counted in memory, per process. */
export interface RateLimits {
  /** Counts a request of somebody who is known; the tightest of the counters that it falls into. */
  take(caller: Caller, operation: Operation, platform: unknown, address: string): Quota;
  /** Counts a request to an operation that needs no token. */
  takeOpen(operation: Operation, address: string): Quota;
  /** Counts a media client that dials. */
  takeDial(address: string): Quota;
  /** Counts a refused key or token of an address. */
  takeRefused(address: string): Quota;
  /** The counter of `takeRefused` as it is. */
  peekRefused(address: string): Quota;
  /** Counters in memory. */
  tracked(): number;
}

/** Windows are the minutes of the clock, so a new minute drops every counter at once. */
class Counters {
  readonly #clock: Clock;
  readonly #most: number;
  #window = -1;
  #counts = new Map<string, number>();

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** `limit` 0: not counted. */
  count(key: string, limit: number, by: 0 | 1): Quota {
    this.#turn();
    const resetAt = ((this.#window + 1) * WINDOW_MS) / 1000;
    if (limit === 0) return { limit: NO_LIMIT, remaining: NO_LIMIT, resetAt, allowed: true };
    const used = (this.#counts.get(key) ?? 0) + by;
    if (by > 0) this.#set(key, Math.min(used, limit + 1));
    return { limit, remaining: Math.max(0, limit - used), resetAt, allowed: used <= limit };
  }

  #turn(): void {
    const window = Math.floor(this.#clock.now() / WINDOW_MS);
    if (window === this.#window) return;
    this.#window = window;
    this.#counts = new Map();
  }

  #set(key: string, count: number): void {
    if (this.#counts.size >= this.#most && !this.#counts.has(key)) {
      const [oldest] = this.#counts.keys();
      if (oldest !== undefined) this.#counts.delete(oldest);
    }
    this.#counts.set(key, count);
  }
}

type Limits = Pick<
  Config,
  | 'rateLimitUser'
  | 'rateLimitModeration'
  | 'rateLimitApp'
  | 'rateLimitServer'
  | 'rateLimitAddress'
  | 'rateLimitDials'
  | 'rateLimitTrackedKeys'
>;

export function createRateLimits(config: Limits, clock: Clock): RateLimits {
  const counters = new Counters(clock, config.rateLimitTrackedKeys);
  const { rateLimitAddress } = config;
  const perCaller = ({ limit }: Operation): number =>
    limit === 'moderation' ? config.rateLimitModeration : config.rateLimitUser;
  return {
    take(caller, operation, platformHeader, address) {
      const { id } = operation;
      if (caller.kind === 'server') return counters.count(`server ${id}`, config.rateLimitServer, 1);
      const endpoint = `${id} ${platformOf(platformHeader)}`;
      const who = caller.kind === 'user' ? `user ${caller.userId}` : `anonymous ${address}`;
      const own = counters.count(`${who} ${endpoint}`, perCaller(operation), 1);
      if (!own.allowed || config.rateLimitApp === 0) return own;
      const all = counters.count(`app ${endpoint}`, config.rateLimitApp, 1);
      return all.remaining < own.remaining || !all.allowed ? all : own;
    },
    takeOpen: ({ id }, address) => counters.count(`open ${address} ${id}`, rateLimitAddress, 1),
    takeDial: (address) => counters.count(`dial ${address}`, config.rateLimitDials, 1),
    takeRefused: (address) => counters.count(`refused ${address}`, rateLimitAddress, 1),
    peekRefused: (address) => counters.count(`refused ${address}`, rateLimitAddress, 0),
    tracked: () => counters.size,
  };
}

const PLATFORMS = new Set(['web', 'ios', 'android']);

/** The platform of a user's request; whatever is not named is the web. */
function platformOf(header: unknown): string {
  const named = typeof header === 'string' ? header.toLowerCase() : '';
  return PLATFORMS.has(named) ? named : 'web';
}
