import { OPERATIONS, type OperationId, type UserId } from '@callgate/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutUp, startTask } from '../../features/tasks/index.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { createHttpWorld, type HttpWorld, type Reply, type Sending } from '../test/http-world.ts';
import { validatorOf } from '../validate.ts';

const USER_OPERATIONS = [
  'upsertUsers',
  'updateUsersPartial',
  'queryUsers',
  'queryUsersByGet',
  'deactivateUser',
  'reactivateUser',
  'deactivateUsers',
  'reactivateUsers',
  'deleteUsers',
  'restoreUsers',
  'exportUsers',
  'blockUsers',
  'unblockUsers',
  'getBlockedUsers',
  'createGuest',
  'getApp',
  'updateApp',
  'listRoles',
  'createRole',
  'deleteRole',
  'getTask',
  'getTaskResults',
  'getTaskExport',
  'cancelTask',
] as const satisfies readonly OperationId[];

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: HttpWorld;
    const answered = new Set<OperationId>();
    beforeAll(async () => {
      world = await createHttpWorld(engine);
    });
    afterAll(() => world.close());

    /** Sends a good request and holds the answer against the contract: status and schema. */
    const good = async (
      id: (typeof USER_OPERATIONS)[number],
      sending: Sending & { at?: Record<string, string> } = {},
    ): Promise<Reply> => {
      const { method, path, success } = OPERATIONS[id];
      const { at = {}, ...rest } = sending;
      const filled = path.replace(/:(\w+)/g, (_, name: string) => at[name] ?? '');
      const reply = await world.call(method, filled, rest);
      expect(reply.json, `${id} ${reply.text}`).not.toHaveProperty('code');
      expect(reply.status, id).toBe(success.status);
      validatorOf(success.schema, id)(reply.json);
      answered.add(id);
      return reply;
    };

    /** A task of a type that no handler does: it waits until it is tried again, for which this clock has to be turned. */
    const startedByHand = async (): Promise<string> => {
      const { acts } = world.app.services;
      const request = { caller: { kind: 'server' }, requestId: 'by-hand', address: null } as const;
      const ids = Array.from({ length: 101 }, (_, at) => `waiting-${at}` as UserId);
      const { body } = await acts.perform(request, async (act) => ({
        id: await startTask(act, { type: 'of nobody', requestId: 'by-hand' }, cutUp(ids)),
      }));
      return body.id;
    };

    it.each([
      ...(['deactivateUsers', 'deleteUsers', 'exportUsers', 'getApp', 'listRoles'] as const),
      ...(['getTask', 'getTaskResults', 'getTaskExport', 'cancelTask'] as const),
    ])('[USR40] [USR50] [APP1] [ROL1] [TSK1] %s needs a server token', async (id) => {
      const { method, path } = OPERATIONS[id];
      const body = method === 'POST' && id !== 'cancelTask' ? { user_ids: ['john'] } : undefined;
      const token = world.userToken('john');
      const reply = await world.call(method, path.replace(':id', 'x'), { token, body });
      expect(reply).toMatchObject({ status: 403, json: { code: 17 } });
    });

    it('[USR2] a bad user is named by its path over the wire', async () => {
      const users = { sara: { id: 'sara', role: 'nobody' }, john: { id: 'john' } };
      const reply = await world.call('POST', '/api/v2/users', { body: { users } });
      expect(reply).toMatchObject({ status: 400, json: { code: 4 } });
      expect(Object.keys(reply.json.exception_fields ?? {})).toEqual(['users.sara.role']);
    });

    it('[APP5] hooks of other kinds are 400, code 19, an unknown setting 400, code 4', async () => {
      const change = (body: object) => world.call('PATCH', '/api/v2/app', { body });
      const queue = { enabled: true, hook_type: 'sqs', sqs_queue_url: 'https://sqs.example.com/1' };
      expect(await change({ event_hooks: [queue] })).toMatchObject({ status: 400, json: { code: 19 } });
      expect(await change({ event_hooks: [{}] })).toMatchObject({ status: 400, json: { code: 4 } });
      expect(await change({ colour: 'red' })).toMatchObject({ status: 400, json: { code: 4 } });
    });

    it('[USR9] [USR46] [UBL5] [GST5] [ROL7] every operation answers as the contract says', async () => {
      const user_ids = ['sara'];
      const users = {
        sara: { id: 'sara', name: 'Sara', custom: { a: [1] }, teams: ['t'] },
        bob: { id: 'bob' },
        alice: { id: 'alice' },
      };
      await good('upsertUsers', { body: { users } });
      const set = { revoke_tokens_issued_before: '2025-01-01T00:00:00Z', language: 'en' };
      await good('updateUsersPartial', { body: { users: [{ id: 'sara', set, unset: ['custom.a'] }] } });
      const found = await good('queryUsers', { body: { filter_conditions: { name: 'Sara' } } });
      expect(found.json.users).toMatchObject([{ id: 'sara', custom: {}, language: 'en' }]);
      const payload = JSON.stringify({ limit: 2, sort: [{ field: 'id' }] });
      const page = await good('queryUsersByGet', { query: { payload } });
      expect(page.json).toMatchObject({ users: [{ id: 'alice' }, { id: 'bob' }], next: expect.any(String) });
      await good('deactivateUser', { at: { user_id: 'sara' } });
      await good('reactivateUser', { at: { user_id: 'sara' }, body: { name: 'Sara again' } });
      await good('deactivateUsers', { body: { user_ids } });
      const { json } = await good('reactivateUsers', { body: { user_ids } });
      const task = await good('getTask', { at: { id: String(json.task_id) } });
      expect(task.json).toMatchObject({ status: 'completed', result: { sara: { status: 'ok' } } });
      const results = await good('getTaskResults', {
        at: { id: String(json.task_id) },
        query: { limit: '1' },
      });
      expect(results.json).toMatchObject({ results: [{ user_id: 'sara', status: 'ok' }] });
      await good('deleteUsers', { body: { user_ids } });
      await good('restoreUsers', { body: { user_ids } });
      const exported = await good('exportUsers', { body: { user_ids } });
      const id = String(exported.json.task_id);
      await world.app.services.tasks.drain();
      const records = await good('getTaskExport', { at: { id } });
      expect(records.json).toMatchObject({ records: [{ user_id: 'sara', kind: 'user' }] });
      const stream = await world.call('GET', `/api/v2/tasks/${id}/export`, { query: { format: 'ndjson' } });
      expect(stream.headers['content-type']).toBe('application/x-ndjson');
      expect(stream.text.split('\n')).toHaveLength(2);
      const both = { query: { format: 'ndjson', next: 'x' } };
      expect(await world.call('GET', `/api/v2/tasks/${id}/export`, both)).toMatchObject({ status: 400 });
      const waiting = await startedByHand();
      await good('cancelTask', { at: { id: waiting } });
      const cancelled = await good('getTask', { at: { id: waiting } });
      expect(cancelled.json).toMatchObject({ status: 'cancelled', progress: { done: 0, total: 101 } });
      await good('blockUsers', { body: { user_id: 'alice', blocked_user_id: 'bob' } });
      const blocks = await good('getBlockedUsers', { query: { user_id: 'alice', limit: '5' } });
      expect(blocks.json.blocks).toMatchObject([{ blocked_user: { id: 'bob' } }]);
      await good('unblockUsers', { body: { user_id: 'alice', blocked_user_id: 'bob' } });
      await good('createRole', { body: { name: 'judge', rank: 7 } });
      await good('listRoles');
      await good('deleteRole', { at: { name: 'judge' } });
      await good('updateApp', { body: { guests: { enabled: true } } });
      await good('getApp');
      const guest = await good('createGuest', { token: null, body: { user: { name: 'Gus' } } });
      const token = String(guest.json.access_token);
      const renamed = { id: (guest.json.user as { id: string }).id, set: { name: 'Gustav' } };
      await good('updateUsersPartial', { token, body: { users: [renamed] } });
      expect([...answered].sort()).toEqual([...USER_OPERATIONS].sort());
    });

    it('[TOK2] [TOK3] a revoked token is refused over the wire, and good again', async () => {
      const token = world.userToken('kim');
      const ask = () => world.call('POST', '/api/v2/users/query', { token, body: {} });
      const revoke = (date: string | null) =>
        good('updateUsersPartial', {
          body: { users: [{ id: 'kim', set: { revoke_tokens_issued_before: date } }] },
        });
      expect((await ask()).status).toBe(200);
      await revoke('2026-06-01T00:00:00Z');
      expect((await ask()).status).toBe(401);
      await revoke(null);
      expect((await ask()).status).toBe(200);
    });

    it('[USR52] [USR11] a deleted person is refused, and after a new start older tokens still are', async () => {
      const old = world.userToken('lea');
      const ask = (token: string) => world.call('POST', '/api/v2/users/query', { token, body: {} });
      expect((await ask(old)).status).toBe(200);
      await good('deleteUsers', { body: { user_ids: ['lea'] } });
      expect(await ask(old)).toMatchObject({ status: 403, json: { code: 17 } });
      world.clock.advance(2_000);
      await good('upsertUsers', { body: { users: { lea: { id: 'lea' } } } });
      expect((await ask(old)).status).toBe(401);
      world.clock.advance(1_000);
      expect((await ask(world.userToken('lea'))).status).toBe(200);
    });

    it('[GST7] a repeated guest request answers the same token over the wire', async () => {
      const make = (key: string) =>
        world.call('POST', '/api/v2/guest', {
          token: null,
          body: { user: {} },
          headers: { 'Idempotency-Key': key },
        });
      await good('updateApp', { body: { guests: { enabled: true } } });
      const [first, again] = [await make('one'), await make('one')];
      expect(again.status).toBe(201);
      expect(again.json.access_token).toBe(first.json.access_token);
      expect((await make('two')).json.access_token).not.toBe(first.json.access_token);
    });
  });
}
