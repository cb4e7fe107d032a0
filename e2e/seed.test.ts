import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, serverEngines } from './harness/index.ts';
import { runSeedCommand, SEED_TEXT, seedCommands } from './seed-commands.ts';

const CALL = '/api/v2/video/call/default/standup';
const SHARED_ADDRESS = '203.0.113.7';
const OTHER_ADDRESS = '198.51.100.9';

interface CallState {
  call: {
    blocked_user_ids: string[];
    settings: { screensharing: { enabled: boolean; access_request_enabled: boolean } };
    session?: { participants: { user: { id: string }; muted?: string[] }[] };
  };
  own_capabilities: string[];
}

const commands = SEED_TEXT ? await seedCommands(SEED_TEXT) : [];

test('[SEED1] the seed, where its text is at hand, holds 17 cURL commands', () => {
  expect(commands).toHaveLength(SEED_TEXT ? 17 : 0);
});

for (const engine of SEED_TEXT ? serverEngines : []) {
  describe(engine.name, () => {
    let server: RunningServer;
    let taskId = '';

    beforeAll(async () => {
      server = await engine.start({ env: { CALLGATE_TRUSTED_PROXIES: '127.0.0.1' } });
      const users = Object.fromEntries(['john', 'sara', 'alice', 'bob'].map((id) => [id, { id }]));
      await done('POST', '/api/v2/users', { users });
      await done('POST', CALL, { data: { created_by_id: 'john' } });
    });
    afterAll(() => server.discard());

    const done = async (method: string, path: string, body: object): Promise<void> => {
      const reply = await server.api(method, path, { body });
      expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300);
    };
    const as = (user: string, address = OTHER_ADDRESS) => ({
      token: server.userToken(user),
      headers: { 'x-forwarded-for': address },
    });
    const seenBy = (user: string) => server.api<CallState>('GET', CALL, as(user));
    const state = async () => (await server.api<CallState>('GET', CALL)).body;
    const capabilitiesOf = async (user: string) => (await seenBy(user)).body.own_capabilities;
    const join = (user: string, address?: string) =>
      server.api('POST', `${CALL}/join`, { ...as(user, address), body: {} });
    const leave = (user: string) => server.api('POST', `${CALL}/leave`, { ...as(user), body: {} });
    const muted = async () => {
      const participants = (await state()).call.session?.participants ?? [];
      return Object.fromEntries(participants.map((each) => [each.user.id, [...(each.muted ?? [])].sort()]));
    };
    const bans = async () =>
      (
        await server.api<{ bans: Record<string, unknown>[] }>('POST', '/api/v2/moderation/bans/query', {
          body: {},
        })
      ).body.bans;
    const blocksOf = async (user: string) =>
      (
        await server.api<{ blocks: { blocked_user_id: string }[] }>('GET', '/api/v2/users/block', {
          query: { user_id: user },
        })
      ).body.blocks.map((block) => block.blocked_user_id);
    const seed = (number: number) =>
      runSeedCommand(commands[number - 1] ?? '', {
        baseUrl: server.baseUrl,
        home: server.dataDir,
        variables: {
          API_KEY: server.apiKey,
          TOKEN: server.serverToken,
          CALL_TYPE: 'default',
          CALL_ID: 'standup',
          TASK_ID: taskId,
        },
      });
    const empty = { status: 200, body: { duration: expect.stringMatching(/^\d+(\.\d+)?ms$/) } };

    for (const number of [1, 2]) {
      test(`[SEED2] command ${number} (unblock, whatever its comment says) lets a blocked person back`, async () => {
        await done('POST', `${CALL}/block`, { user_id: 'sara' });
        expect((await state()).call.blocked_user_ids).toEqual(['sara']);
        expect(await seenBy('sara')).toMatchObject({ status: 403, body: { code: 17 } });
        expect(await seed(number)).toMatchObject(empty);
        expect((await state()).call.blocked_user_ids).toEqual([]);
        expect((await seenBy('sara')).status).toBe(200);
      });
    }

    test('[SEED3] command 3 puts screen sharing on request: an ordinary user cannot share, asks, is granted, can', async () => {
      await done('PATCH', CALL, {
        settings_override: { screensharing: { enabled: false, access_request_enabled: false } },
      });
      const ask = () =>
        server.api<{ permission_requests: unknown[] }>('POST', `${CALL}/request_permission`, {
          ...as('alice'),
          body: { permissions: ['screenshare'] },
        });
      expect((await ask()).status).toBe(403);
      const reply = await seed(3);
      expect(reply).toMatchObject({ status: 200, body: { call: { cid: 'default:standup' } } });
      expect((await state()).call.settings.screensharing).toMatchObject({
        enabled: true,
        access_request_enabled: true,
      });
      expect(await capabilitiesOf('alice')).not.toContain('screenshare');
      expect(await ask()).toMatchObject({
        status: 201,
        body: { permission_requests: [{ state: 'pending' }] },
      });
      await done('POST', `${CALL}/user_permissions`, {
        user_id: 'alice',
        grant_permissions: ['screenshare'],
      });
      expect(await capabilitiesOf('alice')).toContain('screenshare');
    });

    test('[SEED4] commands 4 and 5 mute everybody else’s audio, then everything of one person', async () => {
      for (const user of ['john', 'sara', 'alice']) expect((await join(user)).status).toBe(201);
      expect(await muted()).toEqual({ john: [], sara: [], alice: [] });
      expect(await seed(4)).toMatchObject(empty);
      expect(await muted()).toEqual({ john: [], sara: ['audio'], alice: ['audio'] });
      expect(await seed(5)).toMatchObject(empty);
      const everything = ['audio', 'screenshare', 'screenshare_audio', 'video'];
      expect(await muted()).toEqual({ john: [], sara: everything, alice: ['audio'] });
    });

    test('[SEED5] commands 6 and 7 grant and revoke sending audio', async () => {
      await done('POST', `${CALL}/user_permissions`, { user_id: 'sara', revoke_permissions: ['send-audio'] });
      expect(await capabilitiesOf('sara')).not.toContain('send-audio');
      expect(await seed(6)).toMatchObject(empty);
      expect(await capabilitiesOf('sara')).toContain('send-audio');
      expect(await seed(7)).toMatchObject(empty);
      expect(await capabilitiesOf('sara')).not.toContain('send-audio');
    });

    test('[SEED6] commands 8 and 9 ban with a reason and lift the ban', async () => {
      expect((await muted()).sara).toBeDefined();
      expect(await seed(8)).toMatchObject({ ...empty, status: 201 });
      expect(await bans()).toMatchObject([
        { user: { id: 'sara', banned: true }, banned_by: { id: 'john' }, reason: 'banned reason here' },
      ]);
      expect((await muted()).sara).toBeUndefined();
      expect(await join('sara')).toMatchObject({ status: 403, body: { code: 17 } });
      expect(await seed(9)).toMatchObject(empty);
      expect(await bans()).toEqual([]);
      expect((await join('sara')).status).toBe(201);
    });

    test('[SEED7] command 10 bans for 30 minutes', async () => {
      const before = Date.now();
      expect(await seed(10)).toMatchObject({ ...empty, status: 201 });
      const [ban] = await bans();
      const lasts = Date.parse(String(ban?.expires)) - before;
      expect(lasts).toBeGreaterThanOrEqual(30 * 60_000 - 1);
      expect(lasts).toBeLessThan(31 * 60_000);
      await done('DELETE', '/api/v2/moderation/ban', { target_user_id: 'sara' });
    });

    test('[SEED8] command 11 bans the person and everybody from the same address', async () => {
      expect((await join('sara', SHARED_ADDRESS)).status).toBe(201);
      expect((await join('bob', SHARED_ADDRESS)).status).toBe(201);
      expect(await seed(11)).toMatchObject({ ...empty, status: 201 });
      expect(await bans()).toMatchObject([{ user: { id: 'sara' }, ip_ban: true }]);
      expect((await muted()).bob).toBeUndefined();
      expect(await join('bob', SHARED_ADDRESS)).toMatchObject({ status: 403, body: { code: 17 } });
      expect((await join('bob', '192.0.2.77')).status).toBe(201);
      await done('DELETE', '/api/v2/moderation/ban', { target_user_id: 'sara' });
      expect((await join('bob', SHARED_ADDRESS)).status).toBe(201);
      await leave('bob');
    });

    test('[SEED9] commands 12, 13 and 14 deactivate and reactivate; the task is complete at once', async () => {
      expect((await seenBy('sara')).status).toBe(200);
      const off = await seed(12);
      expect(off).toMatchObject({ status: 201, body: { task_id: expect.any(String) } });
      expect(await seenBy('sara')).toMatchObject({ status: 403, body: { code: 17 } });
      const on = await seed(13);
      expect(on).toMatchObject({ status: 201, body: { task_id: expect.any(String) } });
      expect((await seenBy('sara')).status).toBe(200);
      taskId = String(on.body.task_id);
      expect(taskId).not.toBe(off.body.task_id);
      expect(await seed(14)).toMatchObject({
        status: 200,
        body: { task_id: taskId, status: 'completed', result: { sara: { status: 'ok' } } },
      });
    });

    test('[SEED10] commands 15, 16 and 17 block a user, list the blocks, unblock', async () => {
      expect(await blocksOf('alice')).toEqual([]);
      expect(await seed(15)).toMatchObject({
        status: 201,
        body: { blocked_by_user_id: 'alice', blocked_user_id: 'bob' },
      });
      expect(await blocksOf('alice')).toEqual(['bob']);
      expect(await seed(16)).toMatchObject({
        status: 200,
        body: { blocks: [{ user_id: 'alice', blocked_user_id: 'bob' }] },
      });
      expect(await seed(17)).toMatchObject(empty);
      expect(await blocksOf('alice')).toEqual([]);
    });
  });
}
