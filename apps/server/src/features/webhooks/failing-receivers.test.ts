import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createHookWorld, type HookWorld } from './test-hook-world.ts';
import { type Answer, answerWith, ok, type Received, type Receiver } from './test-receiver.ts';

/** How long an attempt may take here, in ms. */
const ATTEMPT_MS = 800;
/** A receiver whose neighbour fails has everything within so many ms: what one round with a slow disk may take. */
const SLACK_MS = 3_000;
const HOUR_MS = 60 * 60_000;
const CALLS = ['default:a', 'default:b', 'default:c'];

const hangUp: Answer = (_received, reply) => void reply.socket?.destroy();
/** Answers 200 when the sender has given up. */
const tooLate: Answer = (received, reply) =>
  void setTimeout(() => ok(received, reply), ATTEMPT_MS * 2).unref();
const never: Answer = () => undefined;
/** Sends a head that does not end, a piece at a time. */
const slowLoris: Answer = (_received, reply) => {
  reply.socket?.write('HTTP/1.1 200 OK\r\n');
  const drip = setInterval(() => reply.socket?.write('x-more: 1\r\n'), 20);
  reply.socket?.once('close', () => clearInterval(drip));
};

/** What receivers do wrong, and how many of the first attempts they get. */
const WRONG: readonly (readonly [string, Answer, number])[] = [
  ['answers 500 always', answerWith(500), 3],
  ['answers 429 always', answerWith(429, { 'retry-after': '1' }), 3],
  ['answers 408 always', answerWith(408), 3],
  ['hangs up', hangUp, 2],
  ['answers 200 after the time-out', tooLate, 3],
  ['never answers', never, 3],
  ['sends a head that does not end', slowLoris, 3],
];

for (const engine of testEngines) {
  describe(engine.name, () => {
    let hooks: HookWorld;
    let bad: Receiver;
    let good: Receiver;
    beforeEach(async () => {
      hooks = await createHookWorld(engine, { attemptMs: ATTEMPT_MS });
      bad = await hooks.receiver();
      good = await hooks.receiver();
      const event_types = ['call.updated'];
      await hooks.setHooks({ webhook_url: bad.url, event_types }, { webhook_url: good.url, event_types });
    });
    afterEach(() => hooks.close());

    /** Three events of each of three calls. */
    const tell = () => hooks.tell(...CALLS, ...CALLS, ...CALLS);
    const seen = (requests: readonly Received[]) =>
      new Set(requests.map(({ event }) => `${event.call_cid} ${event.seq}`));
    const ALL = new Set(CALLS.flatMap((cid) => [1, 2, 3].map((seq) => `${cid} ${seq}`)));
    /** The good receiver has everything soon, while the bad one keeps its worker busy. */
    const demandNotDelayed = async (): Promise<void> => {
      const began = performance.now();
      await hooks.world.services.eventOrder.flush();
      const working = hooks.webhooks.tick();
      await good.until((requests) => seen(requests).size === ALL.size);
      expect(performance.now() - began).toBeLessThan(SLACK_MS);
      await working;
    };
    const states = async () => {
      const [hook] = await hooks.world
        .rows('event_hooks')
        .then((rows) => rows.sort((a, b) => a.position - b.position));
      return (await hooks.deliveries()).filter((row) => row.hook_id === hook?.id);
    };

    test.each(WRONG)(
      '[WHK15] [WHK17] [WHK21] one that %s loses nothing and delays nobody',
      async (_what, answer, attempts) => {
        bad.answer = answer;
        await tell();
        await demandNotDelayed();
        await hooks.pass(20_000, 500);
        expect((await states()).map(({ state, attempts: tried }) => [state, tried])).toEqual(
          Array(9).fill(['slow', attempts]),
        );
        const first = bad.requests.filter(({ id }) => id === bad.requests[0]?.id);
        expect(first.map(({ attempt }) => attempt)).toEqual(
          Array.from({ length: attempts }, (_, at) => at + 1),
        );

        bad.answer = ok;
        bad.requests.splice(0);
        await hooks.pass(2 * HOUR_MS, HOUR_MS);
        expect(seen(bad.requests)).toEqual(ALL);
        expect((await states()).map(({ state }) => state)).toEqual(Array(9).fill('delivered'));
      },
    );

    test('[WHK15] [WHK17] [WHK21] one that is down loses nothing and delays nobody', async () => {
      await bad.goDown();
      await tell();
      await demandNotDelayed();
      await hooks.pass(20_000, 500);
      expect(
        (await states()).map(({ state, attempts, last_status }) => [state, attempts, last_status]),
      ).toEqual(Array(9).fill(['slow', 2, null]));
      expect((await states())[0]?.last_error).toContain('ECONNREFUSED');
      await bad.comeBack();
      await hooks.pass(2 * HOUR_MS, HOUR_MS);
      expect(seen(bad.requests)).toEqual(ALL);
    });

    test.each([301, 302, 307, 400, 404, 410])(
      '[WHK16] an answer %d is final: dead, with the status, and the lane goes on',
      async (status) => {
        bad.answer = answerWith(status, { location: good.url });
        await tell();
        await demandNotDelayed();
        expect(bad.requests).toHaveLength(9);
        expect(good.requests).toHaveLength(9);
        expect((await states()).map(({ state, last_status }) => [state, last_status])).toEqual(
          Array(9).fill(['dead', status]),
        );
        await hooks.pass(48 * HOUR_MS, 12 * HOUR_MS);
        expect(bad.requests).toHaveLength(9);
      },
    );

    test('[WHK17] what is not taken for 24 hours is dead, and was tried to the end', async () => {
      bad.answer = answerWith(503);
      await hooks.tell('default:a');
      await hooks.settle();
      await hooks.pass(24 * HOUR_MS, HOUR_MS / 4);
      await hooks.pass(1_000);
      const [row] = await states();
      expect(row).toMatchObject({ state: 'dead', last_status: 503, last_error: 'the answer was 503' });
      expect(row?.attempts).toBeGreaterThan(25);
      expect(new Set(bad.requests.map(({ id }) => id)).size).toBe(1);
      const tried = bad.requests.length;
      await hooks.pass(24 * HOUR_MS, 6 * HOUR_MS);
      expect(bad.requests).toHaveLength(tried);
    });

    test('[WHK22] one that sends 1 GB has been delivered to, and holds no memory', async () => {
      let sent = 0;
      bad.answer = (_received, reply) => {
        const chunk = Buffer.alloc(64 * 1024, 'x');
        reply.writeHead(200, { 'content-length': String(1024 ** 3) });
        const more = (): void => {
          while (!reply.destroyed) {
            sent += chunk.length;
            if (!reply.write(chunk)) return void reply.once('drain', more);
          }
        };
        more();
      };
      const before = process.memoryUsage().rss;
      await tell();
      await demandNotDelayed();
      expect(seen(bad.requests)).toEqual(ALL);
      expect((await states()).map(({ state }) => state)).toEqual(Array(9).fill('delivered'));
      // Nine answers; what sockets hold of each is far less than the gigabyte that was on offer.
      expect(sent).toBeLessThan(9 * 32 * 1024 * 1024);
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
    });

    test('[WHK22] a hook has four connections at most', async () => {
      let open = 0;
      let most = 0;
      const gate = Promise.withResolvers<void>();
      bad.answer = (received, reply) => {
        open += 1;
        most = Math.max(most, open);
        void gate.promise.then(() => {
          open -= 1;
          ok(received, reply);
        });
      };
      await hooks.tell(...Array.from({ length: 30 }, (_, at) => `default:many${at}`));
      await hooks.world.services.eventOrder.flush();
      const working = hooks.webhooks.tick();
      await bad.until((requests) => requests.length >= 4);
      gate.resolve();
      await working;
      expect(most).toBe(4);
    });
  });
}
