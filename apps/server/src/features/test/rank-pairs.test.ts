import {
  CAPABILITIES,
  type CallCid,
  type PermissionRequestId,
  type RoleName,
  type UserId,
} from '@callgate/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { banUser, unbanUser } from '../bans/index.ts';
import { blockUser } from '../call-blocks/index.ts';
import { updateUserPermissions } from '../call-grants/index.ts';
import { createCallType } from '../call-types/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { kickUser } from '../kicks/index.ts';
import { muteUsers } from '../mutes/index.ts';
import { denyRequest } from '../permission-requests/index.ts';
import { createRole } from '../roles/index.ts';
import { createWorld, refusedWith, type World } from './world.ts';

/** Application roles with their ranks; the last three are ours: between the built-in ones. */
const RANKS = {
  admin: 400,
  moderator: 300,
  host: 200,
  user: 0,
  speaker: 0,
  viewer: 0,
  chief: 399,
  steward: 250,
  helper: 1,
} as const;
type Role = keyof typeof RANKS;
const ROLES = Object.keys(RANKS) as Role[];
const CUSTOM = ['chief', 'steward', 'helper'] as const;

for (const engine of testEngines) {
  describe(`rank on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    let requests = 0;
    beforeAll(async () => {
      world = await createWorld(engine);
      const { acts } = world.services;
      for (const name of CUSTOM)
        await createRole(acts, world.server(), { name: name as RoleName, rank: RANKS[name] });
      const grants = Object.fromEntries(ROLES.map((role) => [role, [...CAPABILITIES]]));
      await createCallType(acts, world.server(), { name: 'open' as never, grants });
      for (const role of ROLES) {
        await world.user(`a-${role}`, { role: role as never });
        await world.user(`t-${role}`, { role: role as never });
      }
      cid = await world.call('open:all');
    });
    afterAll(() => world.close());

    /** The person's pending request, made anew when the last one was answered. */
    const pendingOf = async (user_id: UserId): Promise<PermissionRequestId> => {
      const rows = await world.rows('permission_requests');
      const pending = rows.find((row) => row.user_id === user_id && row.state === 'pending');
      if (pending) return pending.id;
      const id = `request-${++requests}` as PermissionRequestId;
      await world.insert('permission_requests', {
        id,
        cid,
        user_id,
        permission: 'send-audio',
        state: 'pending',
        reason: null,
        answered_by_id: null,
        created_at: world.clock.now(),
        answered_at: null,
      });
      return id;
    };
    const verbs: Record<string, (by: ActRequest, user_id: UserId) => Promise<unknown>> = {
      block: (by, user_id) => blockUser(world.services.acts, by, { cid, user_id }),
      kick: (by, user_id) => kickUser(world.services.acts, by, { cid, user_id }),
      mute: (by, user_id) => muteUsers(world.services.acts, by, { cid, user_ids: [user_id], audio: true }),
      grant: (by, user_id) =>
        updateUserPermissions(world.services.acts, by, { cid, user_id, grant_permissions: ['screenshare'] }),
      revoke: (by, user_id) =>
        updateUserPermissions(world.services.acts, by, { cid, user_id, revoke_permissions: ['screenshare'] }),
      deny: async (by, user_id) =>
        denyRequest(world.services.acts, by, { cid, request_id: await pendingOf(user_id) }),
      ban: (by, target_user_id) =>
        banUser(world.services.acts, world.services.addressBans, by, { target_user_id }),
      unban: (by, target_user_id) => unbanUser(world.services.acts, by, { target_user_id }),
      'ban here': (by, target_user_id) =>
        banUser(world.services.acts, world.services.addressBans, by, { target_user_id, channel_cid: cid }),
    };
    const isBan = (verb: string) => verb.includes('ban');
    const actor = (role: Role) => world.as(`a-${role}`, { address: null });
    const target = (role: Role) => `t-${role}` as UserId;

    for (const [verb, act] of Object.entries(verbs)) {
      test(`[MOD1] ${verb}: only people of lower rank, over all pairs of roles`, async () => {
        for (const mine of ROLES) {
          for (const theirs of ROLES) {
            const isAllowed = RANKS[mine] > RANKS[theirs] && (!isBan(verb) || RANKS[mine] >= 300);
            const work = act(actor(mine), target(theirs));
            if (isAllowed) await work;
            else expect(await refusedWith(work), `${mine} on ${theirs}`).toMatchObject({ status: 403 });
          }
        }
      });

      test(`[MOD2] ${verb}: nobody does it to themselves`, async () => {
        for (const mine of ROLES) {
          if (isBan(verb) && RANKS[mine] < 300) continue;
          const self = act(actor(mine), `a-${mine}` as UserId);
          expect(await refusedWith(self), mine).toMatchObject({ status: 400, kind: 'input' });
        }
      });

      test(`[MOD3] ${verb}: a server token acts on everybody`, async () => {
        for (const theirs of ROLES) await act(world.server(), target(theirs));
      });
    }

    test('[MOD1] what is refused for rank leaves nothing', async () => {
      const before = await world.traces();
      for (const act of Object.values(verbs)) await refusedWith(act(actor('helper'), target('steward')));
      expect(await world.traces()).toEqual(before);
    });

    test('[MOD1] in a call the call role counts, on both sides', async () => {
      const other = await world.call('open:other', { members: { 'a-user': 'steward', 't-user': 'chief' } });
      const kick = (by: string, id: string) =>
        kickUser(world.services.acts, world.as(by, { address: null }), { cid: other, user_id: id as UserId });
      await kick('a-user', 't-host');
      expect(await refusedWith(kick('a-user', 't-user'))).toMatchObject({ status: 403 });
      expect(await refusedWith(kick('a-moderator', 't-user'))).toMatchObject({ status: 403 });
      await kick('a-moderator', 'a-user');
    });
  });
}
