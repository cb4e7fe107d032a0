import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createHttpWorld, type HttpWorld } from '../test/http-world.ts';

const LOGS = '/api/v2/moderation/logs';

for (const engine of testEngines)
  describe(engine.name, () => {
    let world: HttpWorld;
    beforeEach(async () => {
      world = await createHttpWorld(engine);
      await upsert('sara', 'user');
      await upsert('mary', 'moderator');
    });
    afterEach(() => world.close());

    const upsert = (id: string, role: string) =>
      world.call('POST', '/api/v2/users', { body: { users: { [id]: { id, role } } } });
    const logs = (query: Record<string, string> = {}, token?: string) =>
      world.call('GET', LOGS, { query, ...(token !== undefined && { token }) });

    test('[AUD2] a user token below rank 300 is 403; so is a banned moderator, and multi-tenancy', async () => {
      const refused = await logs({}, world.userToken('sara'));
      expect([refused.status, refused.json.code]).toEqual([403, 17]);
      await world.call('PATCH', '/api/v2/app', { body: { multi_tenant_enabled: true } });
      expect((await logs({}, world.userToken('mary'))).status).toBe(403);
      expect((await logs()).status).toBe(200);
      await world.call('PATCH', '/api/v2/app', { body: { multi_tenant_enabled: false } });
      expect((await logs({}, world.userToken('mary'))).status).toBe(200);
      await world.call('POST', '/api/v2/moderation/ban', { body: { target_user_id: 'mary' } });
      expect((await logs({}, world.userToken('mary'))).status).toBe(403);
    });

    test('[AUD1] a refusal and an act that changes nothing leave no record', async () => {
      await upsert('sara', 'user');
      await world.call('POST', '/api/v2/moderation/ban', { body: { target_user_id: 'nobody' } });
      const ban = { body: { target_user_id: 'sara' }, token: world.userToken('tom') };
      expect((await world.call('POST', '/api/v2/moderation/ban', ban)).status).toBe(403);
      expect((await logs({ action: 'ban.create' })).json.logs).toEqual([]);
      expect((await logs({ target_id: 'sara' })).json.logs).toHaveLength(1);
    });

    test('[AUD16] an entry tells what its act’s enforcement came to', async () => {
      const ban = await world.call('POST', '/api/v2/moderation/ban', { body: { target_user_id: 'sara' } });
      const { json } = await logs({ action: 'ban.create' });
      expect(json.logs).toMatchObject([{ target_id: 'sara', enforcement: ban.json.enforcement }]);
      expect(ban.json.enforcement).toMatchObject({ state: 'no_media' });
    });

    test('[AUD14] the page has the acts that were answered before, the newest first', async () => {
      const { status, json } = await logs({}, world.userToken('mary'));
      expect(status).toBe(200);
      expect(json.logs).toMatchObject([
        { target_id: 'mary', actor_kind: 'server', seq: 2 },
        { target_id: 'sara', actor_kind: 'server', seq: 1 },
      ]);
      expect(json.duration).toMatch(/ms$/);
    });

    test('[AUD15] wrong values of the filter are 400 and name the field', async () => {
      for (const [field, value] of [
        ['limit', '0'],
        ['limit', '101'],
        ['from', 'yesterday'],
        ['format', 'csv'],
        ['call_cid', 'x'],
        ['next', 'x'],
        ['color', 'red'],
      ] as const) {
        const { status, json } = await logs({ [field]: value });
        expect([status, json.code, Object.keys(json.exception_fields ?? {})]).toEqual([400, 4, [field]]);
      }
    });

    test('[AUD17] the export is NDJSON with the oldest first; cursors do not go with it', async () => {
      const refused = await logs({ format: 'ndjson', limit: '3' });
      expect([refused.status, Object.keys(refused.json.exception_fields ?? {})]).toEqual([400, ['limit']]);
      const { status, headers, text } = await logs({ format: 'ndjson' });
      expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson']);
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toMatchObject([
        { target_id: 'sara', seq: 1 },
        { target_id: 'mary', seq: 2 },
      ]);
    });

    test('[AUD12] a hard deletion empties every record that names the person, its own too', async () => {
      await world.call('POST', '/api/v2/users/delete', {
        body: { user_ids: ['sara'], user: 'hard', messages: 'hard', conversations: 'hard' },
      });
      const { text, json } = await logs();
      expect(json.logs).toHaveLength(3);
      expect(text).not.toContain('sara');
      expect(text).toContain('mary');
    });
  });
