import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../storage/test-databases.ts';
import { createHttpWorld, type HttpWorld } from './test/http-world.ts';

const [engine] = testEngines;
const start = (env: Record<string, string>) => {
  if (!engine) throw new Error('no engine');
  return createHttpWorld(engine, { env });
};

describe('hosts', () => {
  let world: HttpWorld;
  beforeAll(async () => {
    world = await start({
      CALLGATE_ALLOWED_HOSTS: 'calls.example.com,inner.example.com:8443',
      CALLGATE_PUBLIC_URL: 'https://public.example.com/',
    });
  });
  afterAll(() => world.close());
  const answer = async (host: string) => {
    const { status, json } = await world.call('GET', '/api/v2/app', { headers: { Host: host } });
    return [status, json.code];
  };

  test('[HTP30] names that are not listed are 421, code 4, for every path', async () => {
    for (const host of [
      'evil.example',
      'evil.example:8080',
      '10.0.0.1',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'a b',
      '[::1',
      'inner.example.com',
    ]) {
      expect([host, await answer(host)]).toEqual([host, [421, 4]]);
    }
    const health = await world.call('GET', '/healthz', { headers: { Host: 'evil.example' } });
    expect(health.status).toBe(421);
  });

  test('[HTP30] loopback and listed names are accepted', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1:8080',
      '[::1]:8080',
      'calls.example.com',
      'calls.example.com:443',
      'inner.example.com:8443',
      'public.example.com',
    ]) {
      expect([host, (await answer(host))[0]]).toEqual([host, 200]);
    }
  });
});

describe('origins', () => {
  let world: HttpWorld;
  beforeAll(async () => {
    world = await start({ CALLGATE_ALLOWED_ORIGINS: 'https://app.example.com,http://localhost:3000' });
  });
  afterAll(() => world.close());
  const preflight = (origin: string) =>
    world.call('OPTIONS', '/api/v2/moderation/ban', {
      token: null,
      apiKey: null,
      headers: { Origin: origin, 'Access-Control-Request-Method': 'DELETE' },
    });

  test('[HTP31] other origins get no permission', async () => {
    for (const origin of [
      'https://evil.example',
      'https://app.example.com.evil.example',
      'https://app.example.com:444',
      'http://app.example.com',
      'null',
    ]) {
      const { headers } = await preflight(origin);
      const got = await world.call('GET', '/api/v2/app', { headers: { Origin: origin } });
      expect([
        origin,
        headers['access-control-allow-origin'],
        got.headers['access-control-allow-origin'],
      ]).toEqual([origin, undefined, undefined]);
      expect(headers.vary).toBe('Origin');
    }
  });

  test('[HTP31] listed origins may call, send what SDKs send and read what SDKs read; no cookies', async () => {
    const { status, headers } = await preflight('https://app.example.com');
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(headers['access-control-allow-methods']).toContain('DELETE');
    for (const name of [
      'Authorization',
      'Content-Type',
      'stream-auth-type',
      'Idempotency-Key',
      'X-Client-Platform',
    ]) {
      expect(headers['access-control-allow-headers']).toContain(name);
    }
    const got = await world.call('GET', '/api/v2/app', {
      headers: { Origin: 'http://localhost:3000' },
      token: null,
    });
    expect(got.status).toBe(401);
    expect(got.headers['access-control-allow-origin']).toBe('http://localhost:3000');
    expect(got.headers['access-control-expose-headers']).toContain('X-RateLimit-Remaining');
    expect(got.headers['access-control-expose-headers']).toContain('Retry-After');
    expect(got.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('proxies', () => {
  const forwarded = async (env: Record<string, string>, chain: string) => {
    const world = await start(env);
    try {
      await world.call('PATCH', '/api/v2/app', { body: { guests: { enabled: true } } });
      const token = world.userToken('sara');
      await world.call('POST', '/api/v2/users/query', {
        token,
        body: {},
        headers: { 'X-Forwarded-For': chain },
      });
      const logs = await world.call('GET', '/api/v2/moderation/logs', { query: { action: 'user.create' } });
      const ready = await world.call('GET', '/readyz');
      const [record] = logs.json.logs as { address?: string }[];
      const warned = world.log.filter(({ msg }) => String(msg).startsWith('X-Forwarded-For'));
      return { address: record?.address ?? null, notes: ready.json.notes as string[], warned: warned.length };
    } finally {
      await world.close();
    }
  };

  test('[HTP32] the header of a peer that is not listed is not believed, and its address does not count', async () => {
    const { address, notes, warned } = await forwarded({}, '203.0.113.9');
    expect(address).toBeNull();
    expect(notes).toHaveLength(1);
    expect(warned).toBe(1);
  });

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['203.0.113.9:4711,10.1.2.3', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['nonsense, 10.1.2.3', '10.1.2.3'],
  ])('[HTP32] from a listed proxy %s means %s', async (chain, expected) => {
    const { address, notes } = await forwarded(
      { CALLGATE_TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8' },
      chain,
    );
    expect(address).toBe(expected);
    expect(notes).toEqual([]);
  });
});
