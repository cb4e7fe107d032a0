import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createHttpWorld, type HttpWorld } from '../test/http-world.ts';

const CALL = '/api/v2/video/call/default/standup';
const BAN = '/api/v2/moderation/ban';

for (const engine of testEngines) {
  describe(`moderation over HTTP on ${engine.name}`, () => {
    let world: HttpWorld;
    beforeAll(async () => {
      world = await createHttpWorld(engine);
      const users = Object.fromEntries(['john', 'sara', 'alice'].map((id) => [id, { id }]));
      await post('/api/v2/users', { users });
      await post(CALL, { data: { created_by_id: 'john' } });
    });
    afterAll(() => world.close());
    const post = (path: string, body: object) => world.call('POST', path, { body });
    const bannedIds = async () => {
      const { json } = await post('/api/v2/moderation/bans/query', {});
      return (json.bans as { user: { id: string } }[]).map((ban) => ban.user.id).sort();
    };

    test('[BLK6] blocking and unblocking show in blocked_user_ids and answer duration and enforcement', async () => {
      const { status, json } = await post(`${CALL}/block`, { user_id: 'sara' });
      expect(status).toBe(200);
      expect(Object.keys(json).sort()).toEqual(['duration', 'enforcement']);
      const shown = async () => (await world.call('GET', CALL)).json.call;
      expect(await shown()).toMatchObject({ blocked_user_ids: ['sara'] });
      expect((await post(`${CALL}/unblock`, { user_id: 'sara' })).status).toBe(200);
      expect(await shown()).toMatchObject({ blocked_user_ids: [] });
    });

    test('[KICK5] kick answers 200', async () => {
      expect((await post(`${CALL}/kick`, { user_id: 'sara', block: false })).status).toBe(200);
    });

    test('[MUT2] mute without a kind is 400, code 4, and with a kind 200', async () => {
      const { status, json } = await post(`${CALL}/mute_users`, { mute_all_users: true });
      expect([status, json.code]).toEqual([400, 4]);
      expect((await post(`${CALL}/mute_users`, { mute_all_users: true, audio: true })).status).toBe(200);
    });

    test('[GRT2] an unknown permission is 400, code 4', async () => {
      const body = { user_id: 'sara', grant_permissions: ['fly'] };
      const { status, json } = await post(`${CALL}/user_permissions`, body);
      expect([status, json.code]).toEqual([400, 4]);
      expect(
        (await post(`${CALL}/user_permissions`, { ...body, grant_permissions: ['end-call'] })).status,
      ).toBe(200);
    });

    test('[PRQ14] asked, listed, denied, asked, withdrawn', async () => {
      await world.call('PATCH', CALL, {
        body: { settings_override: { screensharing: { enabled: true, access_request_enabled: true } } },
      });
      const ask = () =>
        post(`${CALL}/request_permission`, { permissions: ['screenshare'], user_id: 'alice' });
      const first = await ask();
      expect(first.status).toBe(201);
      const idOf = ({ json }: typeof first) => (json.permission_requests as { id: string }[])[0]?.id;
      const denied = await post(`${CALL}/permission_requests/${idOf(first)}/deny`, { reason: 'no' });
      expect(denied).toMatchObject({ status: 200, json: { permission_request: { reason: 'no' } } });
      const second = await ask();
      const withdrawn = await post(`${CALL}/permission_requests/${idOf(second)}/withdraw`, {});
      expect(withdrawn.json.permission_request).toMatchObject({ state: 'withdrawn' });
      const list = await world.call('GET', `${CALL}/permission_requests`, {
        query: { state: 'denied', limit: '1' },
      });
      expect(list).toMatchObject({ status: 200, json: { permission_requests: [{ state: 'denied' }] } });
    });

    test('[BAN3] an unban takes its fields from query or body, and the query wins', async () => {
      for (const target_user_id of ['sara', 'alice', 'john']) {
        expect((await post(BAN, { target_user_id })).status).toBe(201);
      }
      await world.call('DELETE', BAN, { body: { target_user_id: 'sara' } });
      expect(await bannedIds()).toEqual(['alice', 'john']);
      await world.call('DELETE', BAN, {
        query: { target_user_id: 'alice' },
        body: { target_user_id: 'john' },
      });
      expect(await bannedIds()).toEqual(['john']);
      const { status } = await world.call('DELETE', BAN, { query: { target_user_id: 'john' } });
      expect([status, await bannedIds()]).toEqual([200, []]);
      expect((await world.call('DELETE', BAN)).json.exception_fields).toHaveProperty('target_user_id');
    });

    test('[BAN17] bans are searched by GET as by POST', async () => {
      await post(BAN, { target_user_id: 'sara', reason: 'spam' });
      const get = (query: Record<string, string>) =>
        world.call('GET', '/api/v2/query_banned_users', { query });
      const search = (value: unknown) => get({ payload: JSON.stringify(value) });
      expect((await search({ filter_conditions: { user_id: 'sara' } })).json.bans).toMatchObject([
        { user: { id: 'sara', banned: true }, reason: 'spam' },
      ]);
      expect((await search({ filter_conditions: { user_id: 'alice' } })).json.bans).toEqual([]);
      expect((await search({ nope: 1 })).status).toBe(400);
      const broken = await get({ payload: '{' });
      expect([broken.status, broken.json.code]).toEqual([400, 4]);
      expect((await get({})).status).toBe(200);
    });

    test('[IPB11] a dry run answers 200 and what the ban would do', async () => {
      const body = { target_user_id: 'alice', ip_ban: true, ip_ranges: ['203.0.113.0/24'], dry_run: true };
      const { status, json } = await post(BAN, body);
      expect(status).toBe(200);
      expect(json).toMatchObject({ dry_run: true, ip_ban: { prefixes: ['203.0.113.0/24'] } });
    });
  });
}
