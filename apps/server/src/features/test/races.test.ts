import type { CallCid, PermissionRequestId, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { banUser, unbanUser } from '../bans/index.ts';
import { blockUser, unblockUser } from '../call-blocks/index.ts';
import { updateUserPermissions } from '../call-grants/index.ts';
import { joinCall } from '../calls/index.ts';
import { kickUser } from '../kicks/index.ts';
import { denyRequest, requestPermission, withdrawRequest } from '../permission-requests/index.ts';
import { createWorld, type World } from './world.ts';

/** How many acts run at once in each race. */
const ACTS = 60;
const times = <T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)));

for (const engine of testEngines) {
  describe(`races on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    const sara = 'sara' as UserId;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      await world.user(sara);
      cid = await world.call('default:standup', { createdBy: 'john' });
    });
    afterEach(() => world.close());
    const ban = (target_user_id: UserId, input: object = {}) =>
      banUser(world.services.acts, world.services.addressBans, world.server(), { target_user_id, ...input });
    const unban = (target_user_id: UserId) =>
      unbanUser(world.services.acts, world.server(), { target_user_id });
    const counted = async (...actions: string[]) => {
      const audits = await world.audits();
      return actions.map((action) => audits.filter((audit) => audit.action === action).length);
    };

    test('[MOD5] ban against unban: the records alternate and end at what holds', async () => {
      const replies = await times(ACTS, (at) => (at % 2 === 0 ? ban(sara) : unban(sara)));
      expect(replies.every((reply) => reply.status === 200 || reply.status === 201)).toBe(true);
      const [bans = 0, unbans = 0] = await counted('ban.create', 'ban.remove');
      const isBanned = (await world.policy(sara, cid)).joinRefusal === 'banned';
      expect(bans - unbans).toBe(isBanned ? 1 : 0);
      expect(await world.events()).toHaveLength(bans + unbans);
    });

    test('[MOD5] block against unblock: the records alternate and end at what holds', async () => {
      await times(ACTS, (at) =>
        at % 2 === 0
          ? blockUser(world.services.acts, world.server(), { cid, user_id: sara })
          : unblockUser(world.services.acts, world.server(), { cid, user_id: sara }),
      );
      const [blocks = 0, unblocks = 0] = await counted('call.block', 'call.unblock');
      const isBlocked = (await world.policy(sara, cid)).joinRefusal === 'blocked';
      expect(blocks - unblocks).toBe(isBlocked ? 1 : 0);
    });

    test('[MOD5] the same ban at once is one row, one record, one event', async () => {
      const replies = await times(ACTS, () => ban(sara, { reason: 'raid' }));
      expect(replies.every((reply) => reply.status === 201)).toBe(true);
      expect(await world.rows('bans')).toHaveLength(1);
      expect(await world.traces()).toEqual({ audits: 1, events: 1 });
    });

    test('[MOD6] whoever joins while they are banned, blocked or kicked is not in afterwards', async () => {
      const acts: ((user_id: UserId) => Promise<unknown>)[] = [
        (user_id) => ban(user_id),
        (user_id) => ban(user_id, { channel_cid: cid }),
        (user_id) => blockUser(world.services.acts, world.server(), { cid, user_id }),
      ];
      const people: UserId[] = [];
      for (let at = 0; at < 30; at++) people.push(await world.user(`p${at}`));
      await times(people.length, async (at) => {
        const id = people[at] as UserId;
        const [join, act] = await Promise.allSettled([
          joinCall(world.services, world.as(id), { cid }),
          acts[at % acts.length]?.(id),
        ]);
        expect(act.status).toBe('fulfilled');
        if (join.status === 'rejected') expect(join.reason).toMatchObject({ kind: 'not_allowed' });
      });
      for (const id of people) expect(await world.isIn(id, cid), id).toBe(false);
    });

    test('[MOD6] bans of many addresses at once, with people in many calls, all hold', async () => {
      const calls = [cid, await world.call('default:two'), await world.call('default:three')];
      const people: UserId[] = [];
      for (let at = 0; at < 18; at++) {
        const id = await world.user(`p${at}`);
        people.push(id);
        const address = `203.0.113.${at % 6}`;
        for (const to of at % 2 === 0 ? calls : [...calls].reverse()) await world.join(id, to, { address });
      }
      await times(6, (at) => ban(people[at] as UserId, { ip_ban: true }));
      for (const id of people) for (const of of calls) expect(await world.isIn(id, of), id).toBe(false);
    });

    test('[MOD5] kick against kick: every session ends, each removal is one record', async () => {
      await world.join(sara, cid);
      await times(20, () => kickUser(world.services.acts, world.server(), { cid, user_id: sara }));
      expect(await world.isIn(sara, cid)).toBe(false);
      expect(await counted('call.kick')).toEqual([1]);
      expect((await world.events(cid)).filter((event) => event.type === 'call.kicked_user')).toHaveLength(1);
    });

    test('[MOD5] a request asked at once is one row; grant, deny and withdraw at once give one answer', async () => {
      const stage = await world.call('audio_room:stage', {
        createdBy: 'john',
        members: { sara: 'call_member' },
      });
      const replies = await times(20, () =>
        requestPermission(world.services.acts, world.as(sara), { cid: stage, permissions: ['send-audio'] }),
      );
      const ids = new Set(replies.map((reply) => reply.body.permission_requests[0]?.id));
      expect(ids.size).toBe(1);
      const request_id = [...ids][0] as PermissionRequestId;
      const { acts } = world.services;
      const results = await Promise.allSettled([
        denyRequest(acts, world.as('john'), { cid: stage, request_id }),
        withdrawRequest(acts, world.as(sara), { cid: stage, request_id }),
        updateUserPermissions(acts, world.server(), {
          cid: stage,
          user_id: sara,
          grant_permissions: ['send-audio'],
        }),
      ]);
      const [row] = await world.rows('permission_requests');
      const answers = (await world.audits()).filter(
        (audit) =>
          audit.action === 'permission_request.deny' ||
          audit.action === 'permission_request.withdraw' ||
          (audit.after as { answered_requests?: number }).answered_requests === 1,
      );
      expect(answers).toHaveLength(1);
      expect(['denied', 'withdrawn', 'granted']).toContain(row?.state);
      expect(results.filter((result) => result.status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    });
  });
}
