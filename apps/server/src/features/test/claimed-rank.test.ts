import type { CallCid, RoleName, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { banUser, unbanUser } from '../bans/index.ts';
import { blockUser } from '../call-blocks/index.ts';
import { updateUserPermissions } from '../call-grants/index.ts';
import { joinCall, leaveCall } from '../calls/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { kickUser } from '../kicks/index.ts';
import { updateMembers } from '../members/index.ts';
import { muteUsers } from '../mutes/index.ts';
import { createWorld, refusedWith, type World } from './world.ts';

const sara = 'sara' as UserId;

for (const engine of testEngines) {
  describe(`rank by token on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara']) await world.user(id);
      await world.user('mod', { role: 'moderator' as RoleName });
      await world.user('boss', { role: 'admin' as RoleName });
      cid = await world.call('default:standup', { createdBy: 'john', members: { sara: 'call_member' } });
    });
    afterEach(() => world.close());

    const acts = () => world.services.acts;
    const claiming = (role: string) =>
      world.as('sara', { token: { callCids: [cid], role: role as RoleName } });
    const inCall: Record<string, (by: ActRequest) => Promise<unknown>> = {
      block: (by) => blockUser(acts(), by, { cid, user_id: sara }),
      kick: (by) => kickUser(acts(), by, { cid, user_id: sara }),
      mute: (by) => muteUsers(acts(), by, { cid, user_ids: [sara], audio: true }),
      grant: (by) =>
        updateUserPermissions(acts(), by, { cid, user_id: sara, grant_permissions: ['screenshare'] }),
      revoke: (by) =>
        updateUserPermissions(acts(), by, { cid, user_id: sara, revoke_permissions: ['send-audio'] }),
      'change membership': (by) =>
        updateMembers(acts(), by, { cid, update_members: [{ user_id: sara, custom: { a: 1 } }] }),
      'remove membership': (by) => updateMembers(acts(), by, { cid, remove_members: [sara] }),
    };
    const ban = (by: string, channel_cid?: CallCid) =>
      banUser(acts(), world.services.addressBans, world.as(by), {
        target_user_id: sara,
        ...(channel_cid && { channel_cid }),
      });

    test('[MOD7] a host acts on nobody who is moderator by the token of a session there', async () => {
      await joinCall(world.services, claiming('moderator'), { cid });
      const before = await world.traces();
      for (const [verb, act] of Object.entries(inCall))
        expect(await refusedWith(act(world.as('john'))), verb).toMatchObject({ status: 403 });
      expect(await refusedWith(ban('mod', cid))).toMatchObject({ status: 403 });
      expect(await world.traces()).toEqual(before);
      expect(await world.isIn('sara', cid)).toBe(true);
    });

    test('[MOD7] the claim protects neither from a higher rank nor from a server token', async () => {
      for (const by of [world.as('boss'), world.server()]) {
        await joinCall(world.services, claiming('moderator'), { cid });
        await inCall.kick?.(by);
        expect(await world.isIn('sara', cid)).toBe(false);
      }
      await joinCall(world.services, claiming('speaker'), { cid });
      await inCall.kick?.(world.as('john'));
      expect(await world.isIn('sara', cid)).toBe(false);
    });

    test('[MOD7] it counts in that call and while the person is in it', async () => {
      await joinCall(world.services, claiming('moderator'), { cid });
      await ban('mod');
      await unbanUser(acts(), world.as('mod'), { target_user_id: sara });
      await joinCall(world.services, claiming('moderator'), { cid });
      expect(await refusedWith(blockUser(acts(), world.as('john'), { cid, user_id: sara }))).toMatchObject({
        status: 403,
      });
      await leaveCall(acts(), world.as('sara'), { cid });
      await blockUser(acts(), world.as('john'), { cid, user_id: sara });
    });
  });
}
