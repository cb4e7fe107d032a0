import { createSigner } from 'fast-jwt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { API_SECRET, createHttpWorld, type HttpWorld, type Sending } from '../test/http-world.ts';

const CALL = '/api/v2/video/call/default/standup';
const EXCHANGE = '/api/v2/play/exchange';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: HttpWorld;
    beforeAll(async () => {
      world = await createHttpWorld(engine, {
        env: {
          CALLGATE_ALLOWED_ORIGINS: 'https://app.example.com',
          CALLGATE_RATE_LIMIT_ADDRESS: '60',
        },
      });
      await world.call('POST', '/api/v2/users', { body: { users: { john: { id: 'john' } } } });
      for (const id of ['standup', 'other'])
        await world.call('POST', `/api/v2/video/call/default/${id}`, {
          body: { data: { created_by_id: 'john' } },
        });
    });
    afterAll(() => world.close());

    const link = async (): Promise<string> => {
      const { json } = await world.call('POST', `${CALL}/play_links`, {
        token: world.userToken('john'),
        body: {},
      });
      return new URLSearchParams(new URL(String(json.url)).hash.slice(1)).get('link') ?? '';
    };
    const use = (secret: string, headers: Record<string, string> = {}) =>
      world.call('POST', EXCHANGE, { token: null, body: { secret }, headers });

    test('[PLY6] a page of another origin is refused, and the link stays good', async () => {
      const secret = await link();
      for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${world.port + 1}`]) {
        const reply = await use(secret, { Origin: origin });
        expect([origin, reply.status, reply.json.code]).toEqual([origin, 403, 17]);
      }
      expect((await use(secret, { Origin: `http://127.0.0.1:${world.port}` })).status).toBe(201);
      expect((await use(await link(), { Origin: 'https://app.example.com' })).status).toBe(201);
    });

    test('[PLY9] the token reaches its call and nothing else', async () => {
      const { json } = await use(await link());
      const token = String(json.access_token);
      const asked = async (method: string, path: string, sending: Sending = {}) =>
        (await world.call(method, path, { token, ...sending })).status;
      expect(await asked('GET', '/api/v2/video/call/default/other')).toBe(403);
      expect(await asked('POST', '/api/v2/video/call/default/new', { body: {} })).toBe(403);
      expect(await asked('POST', '/api/v2/users/query', { body: {} })).toBe(403);
      expect(await asked('POST', '/api/v2/video/calls', { body: {} })).toBe(403);
      expect(await asked('PATCH', '/api/v2/users', { body: { users: [] } })).toBe(403);
      expect(await asked('GET', CALL)).toBe(200);
      expect(await asked('POST', `${CALL}/join`, { body: {} })).toBe(201);
      const odd = createSigner({ key: API_SECRET })({ user_id: 'john', call_cids: [], calls_only: 'yes' });
      expect(await asked('GET', CALL, { token: odd })).toBe(401);
    });

    test('[PLY10] without a media server the answer says so', async () => {
      const { json } = await use(await link());
      expect(json.media).toEqual({ configured: false, url: null });
    });

    test('[PLY5] guessing is limited by address', async () => {
      world.clock.advance(60_000);
      const secret = await link();
      for (let guess = 0; guess < 60; guess++) await use('a-guess-that-is-long-enough');
      const reply = await use(secret);
      expect([reply.status, reply.json.code]).toEqual([429, 9]);
      world.clock.advance(60_000);
      expect((await use(secret)).status).toBe(201);
    });

    test('[PLY14] switched off, there is no page, and both operations are 400, code 19', async () => {
      const off = await createHttpWorld(engine, { env: { CALLGATE_PLAY: 'off' } });
      try {
        const made = await off.call('POST', `${CALL}/play_links`, { body: {} });
        const used = await off.call('POST', EXCHANGE, {
          token: null,
          body: { secret: 'a-secret-long-enough' },
        });
        expect([made.status, made.json.code, used.status, used.json.code]).toEqual([400, 19, 400, 19]);
        expect((await off.call('GET', '/play')).status).toBe(404);
      } finally {
        await off.close();
      }
    });
  });
}
