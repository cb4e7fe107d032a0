import type { CallCid, ExportRecord, RingId, TaskId, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { banUser } from '../bans/index.ts';
import { blockUser } from '../call-blocks/index.ts';
import { updateUserPermissions } from '../call-grants/index.ts';
import { createTaskWorker, EXPORT_TASK, getTask, getTaskExport, streamTaskExport } from '../tasks/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { deleteUsers } from './delete-users.ts';
import { exportHandler, exportUsers, FACTS_PAGE, type PersonSource } from './export-users.ts';

const SARA = 'sara' as UserId;
const HARD = { user: 'hard', messages: 'hard', conversations: 'hard' } as const;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('sara', { name: 'Sara', custom: '{"a":1}' });
      await world.user('john', { name: 'John' });
      cid = await world.call('default:one', { members: { sara: 'host', john: 'user' } });
    });
    afterEach(() => world.close());

    const ask = async (...ids: string[]): Promise<TaskId> => {
      const user_ids = ids as UserId[];
      const { status, body } = await exportUsers(world.services.acts, world.server(), { user_ids });
      expect(status).toBe(201);
      return body.task_id;
    };
    const done = async (...ids: string[]): Promise<TaskId> => {
      const id = await ask(...ids);
      await world.services.tasks.drain();
      expect((await getTask(world.services, id)).status).toBe('completed');
      return id;
    };
    const pages = async (id: TaskId): Promise<ExportRecord[][]> => {
      const found: ExportRecord[][] = [];
      for (let next: string | undefined; ; ) {
        const page = await getTaskExport(world.services, id, { ...(next !== undefined && { next }) });
        found.push(page.records);
        next = page.next;
        if (next === undefined) return found;
      }
    };
    const lines = async (id: TaskId): Promise<ExportRecord[]> => {
      let text = '';
      for await (const chunk of await streamTaskExport(world.services, id)) text += chunk;
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as ExportRecord);
    };

    it('[TSK1] needs a server token', async () => {
      const work = exportUsers(world.services.acts, world.as('sara'), { user_ids: [SARA] });
      expect(await refusedWith(work)).toMatchObject({ status: 403 });
    });

    it('[TSK15] a task that is no export, or not completed, is 400; an unknown one 404', async () => {
      const pending = await ask('sara');
      expect(await refusedWith(pages(pending))).toMatchObject({ status: 400, fields: ['id'] });
      expect(await refusedWith(streamTaskExport(world.services, pending))).toMatchObject({ status: 400 });
      const { acts } = world.services;
      const { body } = await deleteUsers(acts, world.server(), { user_ids: [SARA] });
      expect(await refusedWith(pages(body.task_id))).toMatchObject({ status: 400, fields: ['id'] });
      expect(await refusedWith(pages('nothing' as TaskId))).toMatchObject({ status: 404 });
      await world.services.tasks.drain();
      const bad = getTaskExport(world.services, pending, { next: 'x' });
      expect(await refusedWith(bad)).toMatchObject({ status: 400, fields: ['next'] });
    });

    it('[TSK14] tells everything that is stored about a person, and nothing of others', async () => {
      const { acts, addressBans } = world.services;
      await world.join('sara', cid, { address: '203.0.113.9' });
      await blockUser(acts, world.server(), { cid, user_id: SARA });
      await banUser(acts, addressBans, world.server(), {
        target_user_id: SARA,
        reason: 'raid',
        banned_by_id: 'john' as UserId,
      });
      await updateUserPermissions(acts, world.server(), {
        ...{ cid, user_id: SARA },
        revoke_permissions: ['screenshare'],
      });
      const muted_at = world.clock.now();
      await world.insert('call_mutes', { cid, user_id: SARA, kind: 'audio', muted_by_id: null, muted_at });
      await world.insert('user_blocks', {
        user_id: SARA,
        blocked_user_id: 'john' as UserId,
        created_at: muted_at,
      });
      await world.insert('permission_requests', {
        id: 'request' as never,
        ...{ cid, user_id: SARA, permission: 'send-video', state: 'denied', reason: 'no' },
        ...{ answered_by_id: 'john' as UserId, created_at: muted_at, answered_at: muted_at },
      });
      const ring = { cid, video: 1, started_at: muted_at, cancel_at: muted_at, miss_at: muted_at } as const;
      for (const [ring_id, caller_id, user_id] of [
        ['ring-1' as RingId, SARA, 'john' as UserId],
        ['ring-2' as RingId, 'john' as UserId, SARA],
      ] as const) {
        await world.insert('rings', { id: ring_id, caller_id, ...ring, ended_at: null, end_reason: null });
        const answer = { answer: 'accepted', answered_at: muted_at, missed_at: null } as const;
        await world.insert('ring_callees', { ring_id, user_id, told: 1, ...answer });
      }
      const id = await done('sara', 'nobody');
      const [records = []] = await pages(id);
      expect(records.map(({ user_id }) => user_id)).toEqual(records.map(() => 'sara'));
      const at = '2026-01-01T00:00:00.000Z';
      const kinds = records.map(({ kind, data }) => [kind, data] as const);
      expect(kinds).toEqual([
        ['user', expect.objectContaining({ id: 'sara', name: 'Sara', custom: { a: 1 }, banned: true })],
        ['address', { address: '203.0.113.9', first_seen_at: at, last_seen_at: at }],
        ['membership', { call_cid: cid, role: 'host', custom: {}, created_at: at, updated_at: at }],
        ['ban', expect.objectContaining({ reason: 'raid', banned_by_id: 'john', shadow: false })],
        ['user_block', { blocked_user_id: 'john', created_at: at }],
        ['call_block', { call_cid: cid, created_at: at }],
        ['grant', { call_cid: cid, capability: 'screenshare', state: 'revoked', changed_at: at }],
        ['mute', { call_cid: cid, kind: 'audio', muted_at: at }],
        [
          'permission_request',
          expect.objectContaining({ id: 'request', permission: 'send-video', state: 'denied', reason: 'no' }),
        ],
        ['ring', { id: 'ring-1', call_cid: cid, video: true, started_at: at }],
        ['ring_answer', { ring_id: 'ring-2', told: true, answer: 'accepted', answered_at: at }],
        ['session', expect.objectContaining({ call_cid: cid, state: 'ended', address: '203.0.113.9' })],
      ]);
      expect((await getTask(world.services, id)).result).toEqual({
        sara: { status: 'ok' },
        nobody: { status: 'error', error: 'user "nobody" does not exist' },
      });
      expect(await lines(id)).toEqual(records);
    });

    it('[TSK14] [TSK15] all of it, however much there is of one person', async () => {
      const requests = Array.from({ length: 1_234 }, (_, at) => ({
        id: `request-${String(at).padStart(4, '0')}` as never,
        ...{ cid, user_id: SARA, permission: 'send-video' as const, state: 'denied' as const },
        reason: 'a reason '.repeat(20),
        ...{ answered_by_id: null, created_at: at, answered_at: at },
      }));
      await world.insert('permission_requests', ...requests);
      const id = await done('john', 'sara', 'john');
      const found = await pages(id);
      expect(found.length).toBeGreaterThan(4);
      for (const page of found) expect(JSON.stringify(page).length).toBeLessThan(256 * 1024);
      const records = found.flat();
      const keys = records.filter(({ kind }) => kind === 'permission_request').map(({ data }) => data.id);
      expect(keys).toEqual(requests.map((row) => row.id));
      expect(records.filter(({ kind }) => kind === 'user').map(({ user_id }) => user_id)).toEqual([
        'john',
        'sara',
      ]);
      expect(await lines(id)).toEqual(records);
    });

    it('[TSK14] an attempt that was cut off leaves nothing double', async () => {
      const { database, clock } = world.services;
      let attempts = 0;
      const facts = Array.from({ length: 1_400 }, (_, at) => ({
        key: String(at).padStart(5, '0'),
        data: { at, text: 'some words '.repeat(10) },
      }));
      const source: PersonSource = {
        kind: 'session',
        async page(_handle, userId, after) {
          if (userId !== 'sara') return [];
          if (after > '00900' && ++attempts === 1) throw new Error('cut off');
          return facts.filter(({ key }) => key > after).slice(0, FACTS_PAGE);
        },
      };
      const worker = createTaskWorker({
        ...{ database, clock, logger: { error: () => undefined } },
        handlers: { [EXPORT_TASK]: exportHandler({ database, clock, sources: [source] }) },
      });
      const id = await ask('john', 'sara');
      await worker.drain();
      expect(attempts).toBe(1);
      expect((await world.rows('task_outputs')).length).toBeGreaterThan(1);
      world.clock.advance(1_000);
      await worker.drain();
      const told = (await pages(id)).flat();
      expect(told.filter(({ kind }) => kind === 'session').map(({ data }) => data.at)).toEqual(
        facts.map(({ data }) => data.at),
      );
      expect(told.filter(({ kind }) => kind === 'user')).toHaveLength(2);
    });

    it('[TSK14] more people than one piece holds', async () => {
      const ids = Array.from({ length: 230 }, (_, at) => `fan-${at}`);
      for (const id of ids) await world.user(id);
      const records = (await pages(await done(...ids))).flat();
      expect(records.map(({ user_id }) => user_id)).toEqual(ids);
    });

    it('[TSK16] deleting somebody for good drops what exports found of them', async () => {
      const id = await done('sara', 'john');
      const { acts } = world.services;
      await deleteUsers(acts, world.server(), { user_ids: [SARA] });
      expect((await pages(id)).flat().map(({ user_id }) => user_id)).toContain('sara');
      await deleteUsers(acts, world.server(), { user_ids: [SARA], ...HARD });
      const people = (await pages(id)).flat().map(({ user_id }) => user_id);
      expect(new Set(people)).toEqual(new Set(['john']));
    });
  });
}
