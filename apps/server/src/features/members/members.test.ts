import type { CallCid, MemberRequest, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { banUser } from '../bans/index.ts';
import { blockUser } from '../call-blocks/index.ts';
import { createCallType } from '../call-types/index.ts';
import { getCall, joinCall } from '../calls/index.ts';
import { createWorld, missingFields, refusedWith, type World } from '../test/world.ts';
import { queryMembers, updateMembers } from './index.ts';

const cid = 'default:standup' as CallCid;
const person = (id: string) => id as UserId;
const member = (id: string, rest: object = {}): MemberRequest => ({ user_id: person(id), ...rest });

for (const engine of testEngines) {
  describe(`members on ${engine.name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'bob', 'alice']) await world.user(id);
      await world.user('mod', { role: 'moderator' as never });
      await world.call(cid, { createdBy: 'john', members: { john: 'host', sara: 'call_member' } });
    });
    afterEach(() => world.close());

    const acts = () => world.services.acts;
    const update = (id: string, input: { update_members?: MemberRequest[]; remove_members?: UserId[] }) =>
      updateMembers(acts(), id === 'server' ? world.server() : world.as(id), { cid, ...input });
    const roles = async () =>
      (await world.rows('call_members')).map(({ user_id, role }) => `${user_id} ${role}`).sort();
    const types = async () => (await world.events(cid)).map(({ type }) => type);
    const unchanged = async (work: () => Promise<unknown>, refused: object) => {
      const before = [await world.traces(), await world.rows('call_members')];
      expect(await refusedWith(work())).toMatchObject(refused);
      expect([await world.traces(), await world.rows('call_members')]).toEqual(before);
    };

    test('[MEM1] without the capability of each list it is 403 and nothing changes', async () => {
      await createCallType(acts(), world.server(), {
        ...{ name: 'narrow' as never, grants: { user: ['read-call', 'update-call-member'] } },
      });
      await world.call('narrow:one', {});
      const narrow = (input: object) =>
        updateMembers(acts(), world.as('bob'), { cid: 'narrow:one' as CallCid, ...input });
      await unchanged(() => update('sara', { update_members: [member('bob')] }), { status: 403 });
      await unchanged(() => update('sara', { remove_members: [person('john')] }), { status: 403 });
      await unchanged(() => update('sara', {}), { status: 403 });
      const role = 'viewer';
      await unchanged(() => narrow({ update_members: [member('sara', { role })] }), { status: 403 });
      await unchanged(() => narrow({ update_members: [member('sara')], remove_members: ['john'] }), {
        status: 403,
      });
      expect((await narrow({ update_members: [member('sara')] })).status).toBe(200);
    });

    test('[MEM2] unknown calls and users are 404; removing who is no member is ignored', async () => {
      const nowhere = { cid: 'default:nowhere' as CallCid, update_members: [member('bob')] };
      expect(await refusedWith(updateMembers(acts(), world.server(), nowhere))).toMatchObject({
        status: 404,
      });
      await unchanged(() => update('server', { update_members: [member('bob'), member('nobody')] }), {
        status: 404,
      });
      const before = await world.traces();
      expect((await update('john', { remove_members: [person('bob'), person('nobody')] })).status).toBe(200);
      expect(await world.traces()).toEqual(before);
    });

    test('[MEM3] somebody named twice, in both lists, or nobody at all is 400', async () => {
      await unchanged(() => update('john', {}), { status: 400, fields: ['update_members'] });
      const twice = { update_members: [member('bob'), member('bob')] };
      await unchanged(() => update('john', twice), { status: 400, fields: ['update_members[1].user_id'] });
      const both = { update_members: [member('bob')], remove_members: [person('bob')] };
      await unchanged(() => update('john', both), { status: 400, fields: ['remove_members'] });
    });

    test('[MEM4] only members of lower rank, only roles below one’s own, none for oneself', async () => {
      await update('server', { update_members: [member('mod', { role: 'call_member' })] });
      await unchanged(() => update('john', { remove_members: [person('mod')] }), { status: 403 });
      await unchanged(() => update('john', { update_members: [member('mod', { custom: { a: 1 } })] }), {
        status: 403,
      });
      for (const role of ['host', 'moderator', 'admin']) {
        await unchanged(() => update('john', { update_members: [member('sara', { role })] }), {
          status: 403,
        });
        await unchanged(() => update('mod', { update_members: [member('mod', { role })] }), { status: 403 });
      }
      await update('mod', { update_members: [member('sara', { role: 'host' })] });
      expect(await roles()).toContain('sara host');
      await update('john', { update_members: [member('john', { custom: { a: 1 } })] });
    });

    test('[MEM5] roles exist; call_member is the default, host the creator’s', async () => {
      const wizard = { update_members: [member('bob', { role: 'wizard' })] };
      await unchanged(() => update('john', wizard), { status: 400, fields: ['update_members[0].role'] });
      await update('server', { remove_members: [person('john')] });
      await update('server', {
        update_members: [member('john'), member('bob'), member('alice', { role: 'call-member' })],
      });
      expect(await roles()).toEqual([
        'alice call_member',
        'bob call_member',
        'john host',
        'sara call_member',
      ]);
    });

    test('[MEM6] changes are told apart; what is there already changes nothing', async () => {
      const { body } = await update('john', {
        update_members: [
          member('bob', { custom: { seat: 1 } }),
          member('sara', { role: 'viewer', custom: { seat: 2 } }),
        ],
      });
      expect(body.members).toMatchObject([
        { user_id: 'bob', role: 'call_member', custom: { seat: 1 }, user: { id: 'bob' } },
        { user_id: 'sara', role: 'viewer', custom: { seat: 2 } },
      ]);
      expect(await types()).toEqual([
        'call.member_added',
        'call.member_updated',
        'call.member_updated_permission',
      ]);
      await update('john', { remove_members: [person('bob')] });
      expect((await world.events(cid)).at(-1)).toMatchObject({
        ...{
          type: 'call.member_removed',
          audience: { members: ['john', 'sara'], users: ['bob'] },
          payload: { members: ['bob'] },
        },
      });
      for (const event of await world.events(cid)) expect(missingFields(event)).toEqual([]);
      const traces = await world.traces();
      expect(traces).toEqual({ audits: 2, events: 4 });
      await update('john', {
        update_members: [member('sara', { role: 'viewer' }), member('sara')].slice(0, 1),
      });
      await update('john', { update_members: [member('sara')] });
      expect(await world.traces()).toEqual(traces);
    });

    test('[MEM7] who is only let in as a member is removed with the membership, before the reply', async () => {
      const grants = { user: ['create-call'], call_member: ['join-call', 'read-call'] } as const;
      await createCallType(acts(), world.server(), {
        ...{
          name: 'members_only' as never,
          grants: { user: [...grants.user], call_member: [...grants.call_member] },
        },
      });
      const board = await world.call('members_only:board', {
        createdBy: 'john',
        members: { sara: 'call_member' },
      });
      const bob = () => joinCall(world.services, world.as('bob'), { cid: board });
      expect(await refusedWith(bob())).toMatchObject({ status: 403 });
      expect(await refusedWith(getCall(acts(), world.as('bob'), { cid: board }))).toMatchObject({
        status: 403,
      });
      await joinCall(world.services, world.as('sara'), { cid: board });
      await updateMembers(acts(), world.as('john'), { cid: board, update_members: [member('bob')] });
      expect((await bob()).status).toBe(201);
      const { enforcement } = await updateMembers(acts(), world.as('john'), {
        cid: board,
        remove_members: [person('bob')],
      });
      expect(enforcement).toMatchObject({ sessions: 1 });
      expect([await world.isIn('bob', board), await world.isIn('sara', board)]).toEqual([false, true]);
    });

    test('[MEM8] membership survives block and ban', async () => {
      await blockUser(acts(), world.as('john'), { cid, user_id: person('sara') });
      await banUser(acts(), world.services.addressBans, world.server(), { target_user_id: person('sara') });
      expect(await roles()).toContain('sara call_member');
    });

    test('[CON19] a filter may write call-member for call_member', async () => {
      const ids = async (role: unknown) => {
        const input = { type: 'default' as never, id: 'standup' as never, filter_conditions: { role } };
        return (await queryMembers(acts(), world.as('john'), input)).members.map(({ user_id }) => user_id);
      };
      expect(await ids('call-members')).toEqual([]);
      expect(await ids('call-member')).toEqual(['sara']);
      expect(await ids({ $in: ['call-member', 'x'] })).toEqual(['sara']);
      expect(await ids({ $ne: 'call-member' })).toEqual(['john']);
    });

    test('[MEM9] searching needs read-call and pages by filter', async () => {
      const search = (id: string, input: object = {}) =>
        queryMembers(acts(), world.as(id), { type: 'default' as never, id: 'standup' as never, ...input });
      await blockUser(acts(), world.as('john'), { cid, user_id: person('bob') });
      expect(await refusedWith(search('bob'))).toMatchObject({ status: 403 });
      const unknown = search('john', { filter_conditions: { shoe: 1 } });
      expect(await refusedWith(unknown)).toMatchObject({ status: 400, fields: ['filter_conditions.shoe'] });
      expect(await refusedWith(search('john', { sort: [{ field: 'role' }] }))).toMatchObject({ status: 400 });
      await update('john', { update_members: [member('alice', { custom: { seat: 1 } })] });
      const ids = async (input: object) =>
        (await search('john', input)).members.map(({ user_id }) => user_id);
      expect(await ids({ filter_conditions: { role: 'host' } })).toEqual(['john']);
      expect(await ids({ filter_conditions: { 'custom.seat': { $gte: 1 } } })).toEqual(['alice']);
      const first = await search('john', { sort: [{ field: 'user_id', direction: -1 }], limit: 2 });
      expect(first.members.map(({ user_id }) => user_id)).toEqual(['sara', 'john']);
      const second = await search('john', {
        sort: [{ field: 'user_id', direction: -1 }],
        limit: 2,
        next: first.next,
      });
      expect(second.members.map(({ user_id }) => user_id)).toEqual(['alice']);
      expect(second).not.toHaveProperty('next');
    });
  });
}
