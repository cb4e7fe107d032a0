import { OPERATIONS, type Operation, type UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../storage/test-databases.ts';
import { createRateLimits, NO_LIMIT } from './rate-limits.ts';
import { createHttpWorld, type HttpWorld, type Sending } from './test/http-world.ts';

const QUERY = '/api/v2/users/query';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: HttpWorld;
    beforeEach(async () => {
      world = await createHttpWorld(engine, {
        env: {
          CALLGATE_RATE_LIMIT_USER: '3',
          CALLGATE_RATE_LIMIT_MODERATION: '5',
          CALLGATE_RATE_LIMIT_ADDRESS: '4',
        },
      });
      const users = { sara: { id: 'sara' }, john: { id: 'john', role: 'admin' } };
      await world.call('POST', '/api/v2/users', { body: { users } });
    });
    afterEach(() => world.close());

    const ask = (id: string, sending: Sending = {}) =>
      world.call('POST', QUERY, { token: world.userToken(id), body: {}, ...sending });
    const statuses = async (count: number, send: () => Promise<{ status: number }>) => {
      const seen: number[] = [];
      for (let index = 0; index < count; index++) seen.push((await send()).status);
      return seen;
    };

    test('[HTP25] a user over the limit is 429, code 9 with Retry-After; the next minute is new', async () => {
      expect(await statuses(4, () => ask('sara'))).toEqual([200, 200, 200, 429]);
      const { json, headers } = await ask('sara');
      expect(json.code).toBe(9);
      expect(headers['retry-after']).toBe('30');
      expect(headers['x-ratelimit-remaining']).toBe('0');
      expect((await ask('john')).status).toBe(200);
      world.clock.advance(30_000);
      expect((await ask('sara')).status).toBe(200);
    });

    test('[HTP25] moderation acts have a limit of their own and change nothing over it; servers have none', async () => {
      const ban = (token: string) =>
        world.call('POST', '/api/v2/moderation/ban', { token, body: { target_user_id: 'sara' } });
      const unban = () =>
        world.call('DELETE', '/api/v2/moderation/ban', { query: { target_user_id: 'sara' } });
      expect(await statuses(5, () => ban(world.userToken('john')))).toEqual(Array(5).fill(201));
      await unban();
      expect((await ban(world.userToken('john'))).status).toBe(429);
      const { json } = await ask('sara');
      expect(json.users).toEqual(
        expect.arrayContaining([expect.objectContaining({ id: 'sara', banned: false })]),
      );
      expect(await statuses(8, unban)).toEqual(Array(8).fill(200));
    });

    test('[HTP26] platforms are counted apart; unknown ones are the web', async () => {
      await statuses(3, () => ask('sara'));
      const from = (platform: string) => ask('sara', { headers: { 'X-Client-Platform': platform } });
      expect((await from('windows')).status).toBe(429);
      expect((await from('iOS')).status).toBe(200);
      expect((await from('android')).status).toBe(200);
    });

    test('[HTP27] refused tokens of an address become 429; good tokens from there pass', async () => {
      const bad = () => ask('sara', { token: 'nonsense' });
      expect(await statuses(5, bad)).toEqual([401, 401, 401, 401, 429]);
      expect((await ask('sara', { apiKey: 'wrong' })).status).toBe(429);
      expect((await ask('sara')).status).toBe(200);
    });

    test('[HTP27] operations without a token count by address', async () => {
      const guest = () => world.call('POST', '/api/v2/guest', { token: null, body: { user: { name: 'G' } } });
      expect(await statuses(5, guest)).toEqual([403, 403, 403, 403, 429]);
    });

    test('[HTP28] every reply says what is left', async () => {
      const reset = String(Date.parse('2026-01-01T00:01:00Z') / 1000);
      const shown = ({ headers }: { headers: Record<string, unknown> }) => [
        headers['x-ratelimit-limit'],
        headers['x-ratelimit-remaining'],
        headers['x-ratelimit-reset'],
      ];
      expect(shown(await ask('sara'))).toEqual(['3', '2', reset]);
      expect(shown(await ask('sara'))).toEqual(['3', '1', reset]);
      expect(shown(await world.call('GET', '/api/v2/app'))).toEqual([
        String(NO_LIMIT),
        String(NO_LIMIT),
        reset,
      ]);
      expect(shown(await world.call('GET', '/nothing'))).toEqual(['4', '4', reset]);
      expect(shown(await ask('sara', { token: null }))).toEqual(['4', '3', reset]);
      expect(shown(await ask('sara', { raw: 'nonsense' }))).toEqual(['3', '0', reset]);
      const misdirected = await world.call('GET', '/api/v2/app', { headers: { Host: 'elsewhere.example' } });
      const unreadable = await world.call('GET', '/api/v2/tasks/%ZZ');
      expect([misdirected.status, ...shown(misdirected)]).toEqual([421, '4', '3', reset]);
      expect([unreadable.status, ...shown(unreadable)]).toEqual([400, '4', '3', reset]);
    });
  });
}

describe('counters', () => {
  const limits = (clock: { now(): number }) =>
    createRateLimits(
      {
        rateLimitUser: 2,
        rateLimitModeration: 2,
        rateLimitApp: 3,
        rateLimitServer: 1,
        rateLimitAddress: 2,
        rateLimitDials: 0,
        rateLimitTrackedKeys: 1000,
      },
      clock,
    );
  const token = { issuedAt: null, expiresAt: null, callCids: null, role: null };
  const operation: Operation = OPERATIONS.getCall;

  test('[HTP29] their number is bounded, the oldest is dropped', () => {
    const counted = limits({ now: () => 0 });
    for (let index = 0; index < 5000; index++) counted.takeRefused(`10.0.${index >> 8}.${index & 255}`);
    expect(counted.tracked()).toBe(1000);
    expect(counted.peekRefused('10.0.0.0').remaining).toBe(2);
    expect(counted.peekRefused('10.0.19.135').remaining).toBe(1);
  });

  test('[HTP25] all users together have a limit when one is set; servers too', () => {
    const counted = limits({ now: () => 0 });
    const take = (userId: string) =>
      counted.take({ kind: 'user', userId: userId as UserId, token }, operation, undefined, '').allowed;
    expect([take('a'), take('a'), take('a'), take('b'), take('c')]).toEqual([true, true, false, true, false]);
    const server = () => counted.take({ kind: 'server' }, operation, undefined, '').allowed;
    expect([server(), server()]).toEqual([true, false]);
  });
});
