import { OPERATION_LIST } from '@callgate/contract';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../storage/test-databases.ts';
import { openapiDocument } from './openapi.ts';
import { createHttpWorld, type HttpWorld } from './test/http-world.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: HttpWorld;
    beforeAll(async () => {
      world = await createHttpWorld(engine, {
        env: { CALLGATE_METRICS_TOKEN: 'a token for metrics', CALLGATE_TRUSTED_PROXIES: '127.0.0.1' },
      });
    });
    afterAll(() => world.close());
    const open = (path: string, headers: Record<string, string> = {}) =>
      world.call('GET', path, { token: null, apiKey: null, headers });

    test('[HTP34] every operation of the contract is served and asks for the key first', async () => {
      for (const { id, method, path } of OPERATION_LIST) {
        const target = path.replaceAll(/:[a-z_]+/g, 'x');
        const { status, json } = await world.call(method, target, { apiKey: null });
        // Refused keys are limited by address; either answer shows that the route is there.
        expect([id, [401, 429].includes(status) && [2, 9].includes(Number(json.code))]).toEqual([id, true]);
      }
      world.clock.advance(60_000);
    });

    test('[HTP34] what a later version serves is 400, code 19 after the permission check', async () => {
      const users = Object.fromEntries(['host', 'sara', 'bad'].map((id) => [id, { id }]));
      await world.call('POST', '/api/v2/users', { body: { users } });
      await world.call('POST', '/api/v2/video/call/default/later', {
        body: { data: { created_by_id: 'host' } },
      });
      await world.call('POST', '/api/v2/moderation/ban', { body: { target_user_id: 'bad' } });
      const record = async (id: string) => {
        const { status, json } = await world.call('POST', '/api/v2/video/call/default/later/go_live', {
          token: world.userToken(id),
          body: { start_recording: true },
        });
        return [status, json.code];
      };
      expect(await record('bad')).toEqual([403, 17]);
      expect(await record('host')).toEqual([400, 19]);
      const missing = await world.call('POST', '/api/v2/video/call/default/nowhere/go_live');
      expect(missing.status).toBe(404);
    });

    test('[OPR12] health and readiness need no key', async () => {
      const health = await open('/healthz');
      const ready = await open('/readyz');
      expect([health.status, health.json.status]).toEqual([200, 'ok']);
      expect([ready.status, ready.json]).toMatchObject([
        200,
        { status: 'ready', checks: { storage: 'ok' }, notes: [] },
      ]);
    });

    test('[OPR13] metrics are refused to others', async () => {
      const abroad = { 'X-Forwarded-For': '203.0.113.9' };
      const refused = await open('/metrics', abroad);
      expect([refused.status, refused.json.code]).toEqual([403, 17]);
      const user = await open('/metrics', { ...abroad, Authorization: world.userToken('sara') });
      const wrong = await open('/metrics', { ...abroad, Authorization: 'Bearer another token, a wrong one' });
      expect([user.status, wrong.status]).toEqual([403, 403]);
      const token = await open('/metrics', { ...abroad, Authorization: 'Bearer a token for metrics' });
      const server = await open('/metrics', { ...abroad, Authorization: world.serverToken() });
      expect([token.status, server.status]).toEqual([200, 200]);
    });

    test('[OPR13] [TIM8] metrics tell requests, refusals, the event loop, the store, the sessions and the timers', async () => {
      await world.call('GET', '/api/v2/app');
      await world.call('GET', '/api/v2/tasks/none');
      const { text } = await open('/metrics');
      expect(text).toMatch(/callgate_http_request_seconds_count\{operation="getApp",status="200"\} \d/);
      expect(text).toMatch(/callgate_refusals_total\{error="not_found"\} \d/);
      expect(text).toMatch(/callgate_event_loop_delay_seconds\{quantile="0.99"\} [\d.e-]+/);
      expect(text).toMatch(/callgate_storage\{name="\w+"\} \d/);
      expect(text).toMatch(/callgate_media_sessions \d/);
      expect(text).toMatch(/callgate_timers_due \d/);
      expect(text).toMatch(/callgate_timers_late_seconds \d/);
    });

    test('[WHK31] metrics tell what waits for receivers', async () => {
      const { text } = await open('/metrics');
      for (const state of ['pending', 'retrying', 'slow', 'dead'])
        expect(text).toContain(`callgate_webhook_deliveries{state="${state}"} 0`);
      expect(text).toMatch(/callgate_webhook_oldest_seconds \d/);
    });

    test('[OPR14] the pages show the document from this server’s files alone', async () => {
      const page = await open('/docs');
      expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
      expect(page.text).not.toMatch(/https?:\/\//);
      const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
      expect(files).toHaveLength(4);
      for (const file of [...files, '/openapi.json'])
        expect([file, (await open(file)).status]).toEqual([file, 200]);
      for (const file of ['/docs/../package.json', '/docs/%2e%2e/package.json', '/docs/package.json']) {
        expect([file, (await open(file)).status]).toEqual([file, 404]);
      }
    });
  });
}

test('[OPR14] the document is valid OpenAPI 3.1 and lists every operation once', async () => {
  const document = JSON.parse(openapiDocument());
  const result = await new Validator().validate(document);
  expect(result.errors).toBeUndefined();
  expect(document.openapi).toMatch(/^3\.1\./);
  const listed = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>)
    .flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    .sort();
  expect(listed).toEqual(OPERATION_LIST.map(({ id }) => id).sort());
});
