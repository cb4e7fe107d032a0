import type { CallCid, PermissionRequestId, Requestable, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toTime } from '../../kernel/clock.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { blockUser } from '../call-blocks/index.ts';
import { updateUserPermissions } from '../call-grants/index.ts';
import { endCall } from '../calls/index.ts';
import { createWorld, missingFields, refusedWith, type World } from '../test/world.ts';
import { denyRequest, listRequests, requestPermission, withdrawRequest } from './index.ts';

for (const engine of testEngines) {
  describe(`permission requests on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'alice']) await world.user(id);
      await world.user('mod', { role: 'moderator' as never });
      cid = await world.call('audio_room:stage', {
        createdBy: 'john',
        fields: { backstage: 0 },
        settings: { backstage: { enabled: false } },
      });
    });
    afterEach(() => world.close());
    const ask = (
      by: ReturnType<World['server']>,
      permissions: Requestable[] = ['send-audio'],
      user_id?: string,
    ) =>
      requestPermission(world.services.acts, by, {
        cid,
        permissions,
        ...(user_id !== undefined && { user_id: user_id as UserId }),
      });
    const idOf = async (work: ReturnType<typeof ask>): Promise<PermissionRequestId> => {
      const [first] = (await work).body.permission_requests;
      if (!first) throw new Error('no request');
      return first.id as PermissionRequestId;
    };
    const deny = (by: ReturnType<World['server']>, request_id: PermissionRequestId, reason?: string) =>
      denyRequest(world.services.acts, by, { cid, request_id, ...(reason !== undefined && { reason }) });
    const withdraw = (by: ReturnType<World['server']>, request_id: PermissionRequestId) =>
      withdrawRequest(world.services.acts, by, { cid, request_id });
    const list = (by: ReturnType<World['server']>, input: object = {}) =>
      listRequests(world.services.acts, by, { cid, ...input });

    test('[PRQ1] what is not on request in the call is 403, code 17, and leaves nothing', async () => {
      expect(await refusedWith(ask(world.as('sara'), ['send-video']))).toMatchObject({ status: 403 });
      const both = ask(world.as('sara'), ['send-audio', 'screenshare']);
      expect(await refusedWith(both)).toMatchObject({ message: expect.stringContaining('screenshare') });
      expect(await world.rows('permission_requests')).toEqual([]);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[PRQ2] whoever is blocked or banned cannot ask', async () => {
      await blockUser(world.services.acts, world.server(), { cid, user_id: 'sara' as UserId });
      expect(await refusedWith(ask(world.as('sara')))).toMatchObject({
        status: 403,
        message: expect.stringContaining('blocked'),
      });
      await world.insert('bans', banRow('alice'));
      expect(await refusedWith(ask(world.as('alice')))).toMatchObject({
        status: 403,
        message: expect.stringContaining('banned'),
      });
    });

    test('[PRQ3] who is neither in the call nor a member must be allowed to join it', async () => {
      const closed = await world.call('livestream:show', {
        createdBy: 'john',
        members: { alice: 'call_member' },
        fields: { backstage: 1 },
      });
      const work = (id: string) =>
        requestPermission(world.services.acts, world.as(id), { cid: closed, permissions: ['send-audio'] });
      expect(await refusedWith(work('sara'))).toMatchObject({
        status: 403,
        message: expect.stringContaining('backstage'),
      });
      expect((await work('alice')).body.permission_requests).toHaveLength(1);
    });

    test('[PRQ4] a server token needs user_id; a user token asks for its user alone', async () => {
      expect(await refusedWith(ask(world.server()))).toMatchObject({ status: 400, fields: ['user_id'] });
      expect(await refusedWith(ask(world.server(), ['send-audio'], 'nobody'))).toMatchObject({ status: 404 });
      expect(await refusedWith(ask(world.as('sara'), ['send-audio'], 'alice'))).toMatchObject({
        status: 403,
      });
      expect((await ask(world.server(), ['send-audio'], 'sara')).status).toBe(201);
    });

    test('[PRQ5] a request is a pending row, told with call.permission_request', async () => {
      const reply = await ask(world.as('sara'));
      expect(reply).toMatchObject({
        status: 201,
        body: {
          permission_requests: [
            { call_cid: cid, user_id: 'sara', permission: 'send-audio', state: 'pending' },
          ],
        },
      });
      const [event] = await world.events(cid);
      expect(event).toMatchObject({
        type: 'call.permission_request',
        audience: { watchers: true },
        payload: { user: { id: 'sara' }, permissions: ['send-audio'] },
      });
      expect(event && missingFields(event)).toEqual([]);
      expect(await world.audits()).toMatchObject([{ action: 'permission_request.create', actor_id: 'sara' }]);
    });

    test('[PRQ6] asking again answers the same request with no event', async () => {
      const first = await ask(world.as('sara'));
      const before = await world.traces();
      const second = await ask(world.as('sara'));
      expect(second).toMatchObject({ status: 201, body: first.body });
      expect(await world.traces()).toEqual(before);
    });

    test('[PRQ7] what is held already is 200 with no request and no event', async () => {
      const reply = await ask(world.as('john'));
      expect(reply).toMatchObject({ status: 200, body: { permission_requests: [] } });
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[PRQ8] denying needs update-call-permissions and a higher rank', async () => {
      const id = await idOf(ask(world.as('sara')));
      expect(await refusedWith(deny(world.as('alice'), id))).toMatchObject({ status: 403 });
      expect(await refusedWith(deny(world.as('john'), 'none' as PermissionRequestId))).toMatchObject({
        status: 404,
      });
      expect((await world.rows('permission_requests'))[0]?.state).toBe('pending');
    });

    test('[PRQ9] a denied request keeps the reason and may be asked anew', async () => {
      const id = await idOf(ask(world.as('sara')));
      const reply = await deny(world.as('john'), id, 'later');
      expect(reply).toMatchObject({
        status: 200,
        body: { permission_request: { id, state: 'denied', reason: 'later', answered_by_id: 'john' } },
      });
      expect((await world.events(cid)).at(-1)).toMatchObject({
        type: 'call.permission_request_updated',
        payload: { user: { id: 'sara' }, actor: { id: 'john' }, permission_request: { state: 'denied' } },
      });
      expect((await world.events(cid)).flatMap(missingFields)).toEqual([]);
      expect(await idOf(ask(world.as('sara')))).not.toBe(id);
    });

    test('[PRQ10] the same answer again is the same 200 with no event; another answer is 400, code 4', async () => {
      const id = await idOf(ask(world.as('sara')));
      await deny(world.as('john'), id);
      const before = await world.traces();
      expect(await deny(world.as('mod'), id, 'other')).toMatchObject({ status: 200 });
      expect(await refusedWith(withdraw(world.as('sara'), id))).toMatchObject({ status: 400 });
      expect(await world.traces()).toEqual(before);
    });

    test('[PRQ11] only the person who asked withdraws; others who cannot see the request get 404', async () => {
      const id = await idOf(ask(world.as('sara')));
      expect(await refusedWith(withdraw(world.as('alice'), id))).toMatchObject({ status: 404 });
      expect(await refusedWith(withdraw(world.as('john'), id))).toMatchObject({ status: 403 });
      expect(await withdraw(world.as('sara'), id)).toMatchObject({
        status: 200,
        body: { permission_request: { state: 'withdrawn' } },
      });
      expect(await withdraw(world.as('sara'), id)).toMatchObject({ status: 200 });
      expect(await refusedWith(deny(world.as('john'), id))).toMatchObject({ status: 400 });
      expect(await world.audits()).toHaveLength(2);
    });

    test('[PRQ12] holders of update-call-permissions list all requests, others their own', async () => {
      await ask(world.as('sara'));
      world.clock.advance(1);
      await ask(world.as('alice'));
      const names = async (by: ReturnType<World['server']>, input?: object) =>
        (await list(by, input)).permission_requests.map((row) => row.user_id);
      expect(await names(world.as('john'))).toEqual(['sara', 'alice']);
      expect(await names(world.server(), { user_id: 'alice' })).toEqual(['alice']);
      expect(await names(world.as('sara'))).toEqual(['sara']);
      expect(await names(world.as('sara'), { user_id: 'alice' })).toEqual([]);
      expect(await names(world.server(), { state: 'denied' })).toEqual([]);
      await blockUser(world.services.acts, world.server(), { cid, user_id: 'sara' as UserId });
      expect(await refusedWith(list(world.as('sara')))).toMatchObject({ status: 403 });
    });

    test('[PRQ13] the list pages by cursor, oldest first', async () => {
      await ask(world.as('sara'));
      world.clock.advance(1);
      await ask(world.as('alice'));
      const first = await list(world.server(), { limit: 1 });
      expect(first.permission_requests.map((row) => row.user_id)).toEqual(['sara']);
      const second = await list(world.server(), { limit: 1, next: first.next });
      expect(second.permission_requests.map((row) => row.user_id)).toEqual(['alice']);
      expect(second.next).toBeUndefined();
    });

    test('[PRQ14] asked, granted: the person holds it in this call', async () => {
      await ask(world.as('sara'));
      await updateUserPermissions(world.services.acts, world.as('john'), {
        cid,
        user_id: 'sara' as UserId,
        grant_permissions: ['send-audio'],
      });
      expect((await world.policy('sara', cid)).capabilities.has('send-audio')).toBe(true);
      expect((await list(world.as('sara'))).permission_requests).toMatchObject([{ state: 'granted' }]);
    });

    test('[PRQ15] what is pending when the call ends expires and cannot be answered', async () => {
      const id = await idOf(ask(world.as('sara')));
      await endCall(world.services.acts, world.as('john'), { cid });
      const at = toTime(world.clock.now());
      world.clock.advance(1000);
      for (const answer of [() => deny(world.as('john'), id), () => withdraw(world.as('sara'), id)])
        expect(await refusedWith(answer())).toMatchObject({
          status: 400,
          message: expect.stringContaining('expired'),
        });
      const states = async (state?: string) =>
        (await list(world.as('john'), state === undefined ? {} : { state })).permission_requests.map(
          (row) => [row.id, row.state, row.answered_at],
        );
      expect(await states()).toEqual([[id, 'expired', at]]);
      expect(await states('expired')).toEqual([[id, 'expired', at]]);
      expect(await states('pending')).toEqual([]);
      await updateUserPermissions(world.services.acts, world.server(), {
        ...{ cid, user_id: 'sara' as UserId },
        grant_permissions: ['send-audio'],
      });
      expect(await states()).toEqual([[id, 'expired', at]]);
    });

    test('[PRQ16] in an ended call only those ask who may join it, anew', async () => {
      const chair = await world.user('chair', { role: 'chair' as never });
      await world.insert('call_members', {
        ...{ cid, user_id: 'alice' as UserId, role: 'call_member' as never, custom: '{}' },
        ...{ created_at: 0, updated_at: 0 },
      });
      await updateUserPermissions(world.services.acts, world.server(), {
        ...{ cid, user_id: chair },
        grant_permissions: ['join-call', 'join-ended-call'],
      });
      const before = await idOf(ask(world.as('chair')));
      await endCall(world.services.acts, world.server(), { cid });
      for (const id of ['alice', 'sara'])
        expect(await refusedWith(ask(world.as(id)))).toMatchObject({
          status: 403,
          message: expect.stringContaining('ended'),
        });
      const after = await idOf(ask(world.as('chair')));
      expect(after).not.toBe(before);
      expect(await idOf(ask(world.as('chair')))).toBe(after);
      const shown = await list(world.server());
      expect(shown.permission_requests.map((row) => [row.id, row.state])).toEqual([
        [before, 'expired'],
        [after, 'pending'],
      ]);
      expect((await deny(world.as('john'), after)).status).toBe(200);
    });
  });
}

const banRow = (id: string) => ({
  id: `ban-${id}` as never,
  target_user_id: id as UserId,
  cid: '' as const,
  banned_by_id: null,
  reason: null,
  ip_ban: 0 as const,
  shadow: 0 as const,
  delete_messages: null,
  created_at: 1,
  expires_at: null,
});
