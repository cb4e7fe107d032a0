import { createHash, randomBytes } from 'node:crypto';
import type { WebhookEvent } from '@livekit/protocol';
import type { Clock } from '../clock.ts';
import { signToken } from './access-token.ts';

export interface WebhookOptions {
  readonly url: string;
  /** The key that reports are signed with, and its secret. */
  readonly key: readonly [key: string, secret: string];
  readonly clock: Clock;
  /** Default: the platform's own. */
  readonly fetch?: typeof fetch;
  /** Told of an event that was given up, and why; it is counted in the next report's `num_dropped` as well. */
  onDropped?(event: WebhookEvent, reason: string): void;
}

/** Reports what happens in rooms as LiveKit does: signed, in the order of each room, again while nobody answers. */
export interface WebhookSender {
  /** Takes the event; sent as soon as those before it in its room are. Gives it an id and a time where it has none. */
  send(event: WebhookEvent): void;
  /** Events that wait or are being sent. */
  readonly waiting: number;
  /** What waits is given up, what is being sent is broken off. */
  close(): void;
}

/** Most events of one room, and of all rooms, that wait; LiveKit has 200 of one. */
const MOST = { ofRoom: 200, ofAll: 5_000 };
/** Rooms whose reports are sent at the same time. */
const MOST_AT_ONCE = 16;
/** An event is given up at this age, in milliseconds; LiveKit's is the same. */
const GIVEN_UP_MS = 30_000;
/** How long one attempt may take, and the pause after the first one that failed; it doubles up to the longest. */
const ATTEMPT_MS = 5_000;
const PAUSE_MS = { first: 100, longest: 5_000 };
/** How long a signature is good for, in seconds. */
const TTL_S = 5 * 60;

interface Waiting {
  readonly event: WebhookEvent;
  /** Of the monotonic clock. */
  readonly since: number;
}

export function createWebhookSender(options: WebhookOptions): WebhookSender {
  const { clock } = options;
  const rooms = new Map<string, Waiting[]>();
  /** Rooms with events that nobody sends yet, the longest waiting first. */
  const idle: string[] = [];
  const closing = new AbortController();
  let atOnce = 0;
  let waiting = 0;
  /** Events that were given up and that no report has told of. */
  let dropped = 0;

  const drop = (event: WebhookEvent, reason: string): void => {
    dropped += 1;
    options.onDropped?.(event, reason);
  };

  const deliver = async ({ event, since }: Waiting): Promise<void> => {
    const told = dropped;
    dropped = 0;
    event.numDropped = told;
    // The same bytes at every attempt: receivers know by the id, and by nothing else, that they have had it.
    const report = signed(options, event);
    const refusal = await attempts(options, report, { since, closing: closing.signal });
    if (refusal === undefined) return;
    dropped += told;
    drop(event, refusal);
  };

  const work = async (room: string): Promise<void> => {
    const queue = rooms.get(room) ?? [];
    for (let next = queue[0]; next && !closing.signal.aborted; next = queue[0]) {
      await deliver(next);
      queue.shift();
      if (!closing.signal.aborted) waiting -= 1;
    }
    if (!closing.signal.aborted) rooms.delete(room);
  };

  const start = (): void => {
    while (atOnce < MOST_AT_ONCE) {
      const room = idle.shift();
      if (room === undefined) return;
      atOnce += 1;
      void work(room).finally(() => {
        atOnce -= 1;
        start();
      });
    }
  };

  return {
    send(happened) {
      // What it tells of goes on changing while it waits.
      const event = happened.clone();
      event.id ||= `EV_${randomBytes(9).toString('base64url')}`;
      event.createdAt ||= BigInt(Math.floor(clock.now() / 1000));
      const room = event.room?.name ?? '';
      const queue = rooms.get(room) ?? [];
      if (closing.signal.aborted) return;
      if (queue.length >= MOST.ofRoom || waiting >= MOST.ofAll) return drop(event, 'too many are waiting');
      queue.push({ event, since: clock.monotonic() });
      waiting += 1;
      if (queue.length > 1) return;
      rooms.set(room, queue);
      idle.push(room);
      start();
    },
    get waiting() {
      return waiting;
    },
    close() {
      closing.abort();
      rooms.clear();
      idle.length = 0;
      waiting = 0;
    },
  };
}

interface Report {
  readonly body: string;
  readonly authorization: string;
}

function signed({ key, clock }: WebhookOptions, event: WebhookEvent): Report {
  const body = event.toJsonString();
  const sha256 = createHash('sha256').update(body).digest('base64');
  return { body, authorization: signToken(key, { sha256 }, { nowMs: clock.now(), ttlS: TTL_S }) };
}

/** Undefined once a receiver answered 2xx; else why it is given up. */
async function attempts(
  options: WebhookOptions,
  report: Report,
  { since, closing }: { since: number; closing: AbortSignal },
): Promise<string | undefined> {
  const deadline = since + GIVEN_UP_MS;
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest)) {
    if (options.clock.monotonic() >= deadline) return `older than ${GIVEN_UP_MS} ms`;
    const status = await attempt(options, report, closing);
    if (status !== undefined && status >= 200 && status < 300) return undefined;
    // What the receiver does not want it will not want the next time; as LiveKit's HTTP library.
    if (status !== undefined && status < 500 && status !== 429) return `answered ${status}`;
    if (closing.aborted) return 'closed';
    if (options.clock.monotonic() + pauseMs >= deadline)
      return `not taken within ${GIVEN_UP_MS} ms (${status ?? 'no answer'})`;
    await pause(pauseMs, closing);
  }
}

async function attempt(
  { url, fetch: request = fetch }: WebhookOptions,
  { body, authorization }: Report,
  closing: AbortSignal,
): Promise<number | undefined> {
  try {
    const reply = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/webhook+json', authorization },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([closing, AbortSignal.timeout(ATTEMPT_MS)]),
    });
    await reply.body?.cancel();
    return reply.status;
  } catch {
    return undefined;
  }
}

const pause = (ms: number, closing: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      closing.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    closing.addEventListener('abort', done, { once: true });
  });
