import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, StorageFailedError } from '../storage/database.ts';
import {
  InvalidParameterError,
  StorageBusyError,
  StorageUnavailableError,
} from '../storage/storage-errors.ts';
import { testEngines } from '../storage/test-databases.ts';
import { createHttpWorld, type HttpWorld } from './test/http-world.ts';

const BLOCK = '/api/v2/video/call/default/standup/block';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: HttpWorld;
    beforeAll(async () => {
      world = await createHttpWorld(engine);
    });
    afterAll(() => world.close());

    test('[HTP1] replies are JSON with the time that they took', async () => {
      const reply = await world.call('GET', '/api/v2/app');
      expect(reply.status).toBe(200);
      expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(reply.json.duration).toMatch(/^\d+\.\d\dms$/);
    });

    test('[HTP2] an error has the documented body and nothing else', async () => {
      const missing = await world.call('POST', BLOCK, { body: { user_id: 'sara' } });
      expect(Object.keys(missing.json)).toEqual([
        'code',
        'message',
        'StatusCode',
        'duration',
        'more_info',
        'details',
      ]);
      expect(missing.json).toMatchObject({ code: 16, StatusCode: 404, details: [{ what: 'call' }] });
      const wrong = await world.call('POST', BLOCK, { body: {} });
      expect(wrong.json).toMatchObject({ code: 4, exception_fields: { user_id: 'is required' } });
    });

    test('[HTP3] a sane request id is kept, another is replaced', async () => {
      const kept = await world.call('GET', '/api/v2/app', { headers: { 'X-Request-Id': 'trace-1.2:3' } });
      const replaced = await world.call('GET', '/api/v2/app', { headers: { 'X-Request-Id': 'a b' } });
      expect(kept.headers['x-request-id']).toBe('trace-1.2:3');
      expect(replaced.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    });

    test('[HTP3] a path that cannot be read gets an id too, [HTP5] and forbids guessing', async () => {
      const { status, headers, json } = await world.call('GET', '/api/v2/tasks/%ZZ', {
        headers: { 'X-Request-Id': 'trace-2' },
      });
      expect([status, json.code]).toEqual([400, 4]);
      expect(headers['x-request-id']).toBe('trace-2');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(json.duration).toMatch(/^\d+\.\d\dms$/);
    });

    test('[HTP4] an unknown path is 404, another method 405 with Allow', async () => {
      const unknown = await world.call('GET', '/api/v2/nothing');
      const wrong = await world.call('PUT', BLOCK);
      const get = await world.call('GET', '/api/v2/users/query');
      expect([unknown.status, unknown.json.code]).toEqual([404, 16]);
      expect([wrong.status, wrong.json.code, wrong.headers.allow]).toEqual([405, 4, 'POST, OPTIONS']);
      expect([get.status, get.headers.allow]).toEqual([405, 'POST, OPTIONS']);
    });

    test('[HTP4] OPTIONS names the methods, HEAD answers without a body', async () => {
      const options = await world.call('OPTIONS', '/api/v2/users');
      const head = await world.call('HEAD', '/api/v2/app');
      expect([options.status, options.headers.allow]).toEqual([204, 'POST, PATCH, GET, HEAD, OPTIONS']);
      expect([head.status, head.text]).toEqual([200, '']);
    });

    test('[HTP5] replies forbid guessing, caching and framing', async () => {
      const { headers } = await world.call('GET', '/api/v2/app');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    });

    test('[OPR15] no log line holds a token or a query', async () => {
      await world.call('GET', '/api/v2/app', { query: { secretive: 'hush' } });
      const lines = JSON.stringify(world.log);
      expect(lines).not.toContain(world.serverToken().slice(0, 20));
      expect(lines).not.toContain('hush');
    });
  });
}

/** A store that fails with what `failure` answers, as long as it answers something. */
const failing =
  (failure: () => Error | undefined) =>
  (database: Database): Database => {
    const orFail = async <T>(work: () => Promise<T>): Promise<T> => {
      const error = failure();
      if (error) throw error;
      return work();
    };
    return {
      engine: database.engine,
      read: (work) => orFail(() => database.read(work)),
      write: (work) => database.write(work),
      scan: (batch) => database.scan(batch),
      check: () => orFail(() => database.check()),
      stats: () => database.stats(),
      close: () => database.close(),
    };
  };

test('[HTP36] a busy or lost store is 503 with Retry-After, a value that it cannot keep is 400', async () => {
  const [engine] = testEngines;
  if (!engine) throw new Error('no engine');
  let failure: Error | undefined;
  const world = await createHttpWorld(engine, { wrap: failing(() => failure) });
  const answer = async (error: Error) => {
    failure = error;
    const { status, json, headers, text } = await world.call('GET', '/api/v2/app');
    expect(text).not.toContain('sda');
    return [status, json.code, headers['retry-after']];
  };
  try {
    expect(await answer(new StorageBusyError('sda waited'))).toEqual([503, 9, '2']);
    expect(await answer(new StorageUnavailableError('sda is gone'))).toEqual([503, 9, '2']);
    expect(await answer(new InvalidParameterError(1, 'is on sda'))).toEqual([400, 4, undefined]);
    failure = undefined;
    expect((await world.call('GET', '/api/v2/app')).status).toBe(200);
  } finally {
    failure = undefined;
    await world.close();
  }
});

test('[HTP2] an unforeseen error is 500, code -1, tells nothing and is logged with the request id', async () => {
  const [engine] = testEngines;
  if (!engine) throw new Error('no engine');
  let broken = false;
  const world = await createHttpWorld(engine, {
    wrap: failing(() => (broken ? new StorageFailedError('disk sda on fire') : undefined)),
  });
  try {
    broken = true;
    const reply = await world.call('GET', '/api/v2/app', { headers: { 'X-Request-Id': 'find-me' } });
    expect([reply.status, reply.json.code]).toEqual([500, -1]);
    expect(reply.text).not.toContain('sda');
    expect(world.log.find((line) => line.requestId === 'find-me')).toMatchObject({ msg: 'request failed' });
    const ready = await world.call('GET', '/readyz');
    expect([ready.status, ready.json.checks]).toEqual([503, { storage: 'failed' }]);
    broken = false;
    expect((await world.call('GET', '/readyz')).status).toBe(200);
  } finally {
    broken = false;
    await world.close();
  }
});
