import type { CallCid, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, missingFields, refusedWith, type World } from '../test/world.ts';
import { type MuteInput, mutesOfCall, muteUsers } from './index.ts';

for (const engine of testEngines) {
  describe(`mutes on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'alice', 'bob']) await world.user(id);
      cid = await world.call('default:standup', { createdBy: 'john' });
      await world.join('john', cid);
      await world.join('sara', cid);
      await world.join('alice', cid);
    });
    afterEach(() => world.close());
    const mute = (by: ReturnType<World['server']>, input: Omit<MuteInput, 'cid'>) =>
      muteUsers(world.services.acts, by, { cid, ...input });
    const muted = async () =>
      Object.fromEntries(await world.services.database.read((snapshot) => mutesOfCall(snapshot, cid)));
    const ids = (...names: string[]) => names as UserId[];

    test('[MUT1] without mute-users it is 403, code 17, and nobody is muted', async () => {
      const work = mute(world.as('sara'), { user_ids: ids('alice'), audio: true });
      expect(await refusedWith(work)).toMatchObject({
        status: 403,
        message: expect.stringContaining('mute-users'),
      });
      expect(await muted()).toEqual({});
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[MUT2] without a kind, or without anybody to mute, it is 400, code 4', async () => {
      const noKind = await refusedWith(mute(world.server(), { mute_all_users: true, audio: false }));
      expect(noKind).toMatchObject({ status: 400, message: expect.stringContaining('nothing to mute') });
      expect(await refusedWith(mute(world.server(), { audio: true }))).toMatchObject({
        fields: ['user_ids'],
      });
    });

    test('[MUT3] an unknown muted_by_id is 404, a deactivated one 403, somebody else than the token’s user 403', async () => {
      await world.user('gone', { deactivated_at: 1 });
      const by = (muted_by_id: string) => ({
        mute_all_users: true,
        audio: true,
        muted_by_id: muted_by_id as UserId,
      });
      expect(await refusedWith(mute(world.server(), by('nobody')))).toMatchObject({ status: 404 });
      expect(await refusedWith(mute(world.server(), by('gone')))).toMatchObject({ status: 403 });
      expect(await refusedWith(mute(world.as('john'), by('sara')))).toMatchObject({ status: 403 });
    });

    test('[MUT4] with a user token named people must be of lower rank, and not oneself', async () => {
      await world.user('mod', { role: 'moderator' as never });
      const higher = mute(world.as('john'), { user_ids: ids('sara', 'mod'), audio: true });
      expect(await refusedWith(higher)).toMatchObject({ status: 403 });
      const self = mute(world.as('john'), { user_ids: ids('john'), audio: true });
      expect(await refusedWith(self)).toMatchObject({ status: 400, fields: ['user_ids'] });
      expect(await muted()).toEqual({});
    });

    test('[MUT5] mute all takes everybody in the call now but muted_by_id, hosts and moderators too', async () => {
      await mute(world.server(), { mute_all_users: true, audio: true, muted_by_id: 'sara' as UserId });
      expect(await muted()).toEqual({ john: ['audio'], alice: ['audio'] });
      await world.join('bob', cid);
      expect((await muted()).bob).toBeUndefined();
    });

    test('[MUT6] mute all by a server token that names nobody spares nobody; by a user token it spares its user', async () => {
      await mute(world.as('john'), { mute_all_users: true, video: true, user_ids: ids('bob') });
      expect(Object.keys(await muted()).sort()).toEqual(['alice', 'sara']);
      await mute(world.server(), { mute_all_users: true, audio: true });
      expect((await muted()).john).toEqual(['audio']);
    });

    test('[MUT7] people who are not in the call, or do not exist, are ignored with 200', async () => {
      const reply = await mute(world.server(), { user_ids: ids('bob', 'nobody'), audio: true });
      expect(reply).toMatchObject({ status: 200, body: {} });
      expect(await muted()).toEqual({});
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[MUT8] a record per person and kind stays when the person leaves and joins again', async () => {
      await mute(world.as('john'), { user_ids: ids('sara'), audio: true, screenshare: true });
      await world.join('sara', cid);
      expect(await muted()).toEqual({ sara: ['audio', 'screenshare'] });
      const [row] = await world.rows('call_mutes');
      expect(row).toMatchObject({ muted_by_id: 'john', muted_at: world.clock.now() });
    });

    test('[MUT9] one event mirrors the request and names who was muted anew; one audit record', async () => {
      await mute(world.server(), { user_ids: ids('alice'), audio: true });
      await mute(world.server(), {
        user_ids: ids('alice', 'sara'),
        audio: true,
        muted_by_id: 'john' as UserId,
      });
      const events = await world.events(cid);
      expect(events).toHaveLength(2);
      expect(events[1]).toMatchObject({
        type: 'call.user_muted',
        payload: {
          user_ids: ['sara'],
          muted_by_id: 'john',
          audio: true,
          video: false,
          screenshare: false,
          screenshare_audio: false,
        },
      });
      expect(events.flatMap(missingFields)).toEqual([]);
      expect(await world.audits()).toMatchObject([
        { action: 'call.mute' },
        { as_id: 'john', target_id: 'sara' },
      ]);
    });

    test('[MUT10] muting again changes nothing: the same 200 with no event', async () => {
      await mute(world.server(), { mute_all_users: true, audio: true });
      const before = await world.traces();
      expect(await mute(world.server(), { mute_all_users: true, audio: true })).toMatchObject({
        status: 200,
      });
      expect(await world.traces()).toEqual(before);
    });

    test('[MUT11] a mute takes no capability away: the person may unmute', async () => {
      await mute(world.server(), { user_ids: ids('sara'), audio: true });
      expect((await world.policy('sara', cid)).capabilities.has('send-audio')).toBe(true);
    });

    test('[MUT12] more than 100 user_ids are 400, code 19', async () => {
      const many = Array.from({ length: 101 }, (_, at) => `u${at}`);
      const error = await refusedWith(mute(world.server(), { user_ids: ids(...many), audio: true }));
      expect(error).toMatchObject({ status: 400, kind: 'feature_not_supported' });
    });
  });
}
