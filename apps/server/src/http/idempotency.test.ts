import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../storage/test-databases.ts';
import { requestHash } from './request-hash.ts';
import { createHttpWorld, type HttpWorld } from './test/http-world.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: HttpWorld;
    beforeAll(async () => {
      world = await createHttpWorld(engine);
    });
    afterAll(() => world.close());
    const upsert = (key: string, name: string) =>
      world.call('POST', '/api/v2/users', {
        body: { users: { sara: { id: 'sara', name } } },
        headers: { 'Idempotency-Key': key },
      });

    test('[HTP33] a key that is empty, too long or not printable is 400', async () => {
      for (const key of ['x'.repeat(256), 'a\tb', '\u00e9']) {
        const { status, json } = await upsert(key, 'S');
        expect([status, json.code, Object.keys(json.exception_fields ?? {})]).toEqual([
          400,
          4,
          ['Idempotency-Key'],
        ]);
      }
    });

    test('[HTP33] the same key answers the first reply and changes nothing; another request is 400', async () => {
      const first = await upsert('key 1', 'Sara');
      await upsert('key 2', 'Other');
      world.clock.advance(1000);
      const again = await upsert('key 1', 'Sara');
      expect([again.status, again.json.users]).toEqual([first.status, first.json.users]);
      const now = await world.call('POST', '/api/v2/users/query', { body: {} });
      expect(now.json.users).toMatchObject([{ id: 'sara', name: 'Other' }]);
      const other = await upsert('key 1', 'Third');
      expect([other.status, other.json.code]).toEqual([400, 4]);
    });
  });
}

test('[HTP33] neither the order of keys nor api_key makes another request; everything else does', () => {
  const hash = requestHash('POST', '/a?x=1&y=2&api_key=k', { a: { b: 1, c: [1, 2] }, d: null });
  expect(requestHash('POST', '/a?api_key=z&y=2&x=1', { d: null, a: { c: [1, 2], b: 1 } })).toBe(hash);
  for (const other of [
    requestHash('PUT', '/a?x=1&y=2', { a: { b: 1, c: [1, 2] }, d: null }),
    requestHash('POST', '/b?x=1&y=2', { a: { b: 1, c: [1, 2] }, d: null }),
    requestHash('POST', '/a?x=1&y=3', { a: { b: 1, c: [1, 2] }, d: null }),
    requestHash('POST', '/a?x=1&y=2', { a: { b: 1, c: [2, 1] }, d: null }),
    requestHash('POST', '/a?x=1&y=2', { a: { b: '1', c: [1, 2] }, d: null }),
    requestHash('POST', '/a?x=1&y=2', {
      a: [
        ['b', 1],
        ['c', [1, 2]],
      ],
      d: null,
    }),
    requestHash('POST', '/a?x=1&y=2', undefined),
  ]) {
    expect(other).not.toBe(hash);
  }
});
