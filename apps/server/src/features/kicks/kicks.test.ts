import type { CallCid } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, missingFields, refusedWith, type World } from '../test/world.ts';
import { kickUser } from './index.ts';

for (const engine of testEngines) {
  describe(`kicks on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      await world.user('sara');
      await world.user('mod', { role: 'moderator' as never });
      cid = await world.call('default:standup', { createdBy: 'john' });
    });
    afterEach(() => world.close());
    const kick = (by: ReturnType<World['server']>, id: string, block?: boolean) =>
      kickUser(world.services.acts, by, {
        cid,
        user_id: id as never,
        ...(block !== undefined && { block }),
      });

    test('[KICK1] without kick-user and block-users it is 403, code 17, and nothing changes', async () => {
      await world.join('mod', cid);
      const error = await refusedWith(kick(world.as('sara'), 'mod'));
      expect(error).toMatchObject({ status: 403, kind: 'not_allowed' });
      expect(await world.isIn('mod', cid)).toBe(true);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[KICK2] an unknown call or person is 404, code 16, naming it; oneself is 400, code 4', async () => {
      const unknown = await refusedWith(kick(world.server(), 'nobody'));
      expect(unknown).toMatchObject({ status: 404, message: expect.stringContaining('nobody') });
      const call = kickUser(world.services.acts, world.server(), {
        cid: 'default:none' as CallCid,
        user_id: 'sara' as never,
      });
      expect(await refusedWith(call)).toMatchObject({
        status: 404,
        message: expect.stringContaining('none'),
      });
      expect(await refusedWith(kick(world.as('mod'), 'mod'))).toMatchObject({
        status: 400,
        fields: ['user_id'],
      });
    });

    test('[KICK3] the person is removed at once and may join again with a new join', async () => {
      await world.join('sara', cid);
      const reply = await kick(world.as('john'), 'sara');
      expect(reply).toMatchObject({ status: 200, body: {}, enforcement: { state: 'no_media', sessions: 1 } });
      expect(await world.isIn('sara', cid)).toBe(false);
      expect((await world.policy('sara', cid)).joinRefusal).toBe(null);
      await world.join('sara', cid);
      await kick(world.server(), 'sara');
      expect(await world.isIn('sara', cid)).toBe(false);
    });

    test('[KICK4] one audit record and call.kicked_user with who did it', async () => {
      await world.join('sara', cid);
      await kick(world.as('john'), 'sara');
      expect(await world.audits()).toMatchObject([
        { action: 'call.kick', actor_id: 'john', target_id: 'sara', cid, before: { in_call: true } },
      ]);
      const [event] = await world.events(cid);
      expect(event).toMatchObject({
        type: 'call.kicked_user',
        audience: { watchers: true, users: ['sara'] },
        payload: { user: { id: 'sara' }, actor: { id: 'john' } },
      });
      expect(event && missingFields(event)).toEqual([]);
    });

    test('[KICK5] somebody who is not in the call is the same 200 with no event', async () => {
      await world.join('sara', cid);
      await kick(world.server(), 'sara');
      const before = await world.traces();
      expect(await kick(world.server(), 'sara')).toMatchObject({ status: 200, body: {} });
      expect(await world.traces()).toEqual(before);
    });

    test('[KICK6] block: true needs block-users and blocks in the same act', async () => {
      await world.join('sara', cid);
      await kick(world.as('mod'), 'sara', true);
      expect((await world.policy('sara', cid)).joinRefusal).toBe('blocked');
      expect((await world.events(cid)).map((event) => event.type).slice(0, 2)).toEqual([
        'call.kicked_user',
        'call.blocked_user',
      ]);
      expect(await world.audits()).toMatchObject([{ action: 'call.kick', after: { blocked: true } }]);
      expect(await kick(world.as('mod'), 'sara', true)).toMatchObject({ status: 200 });
      expect(await world.audits()).toHaveLength(1);
    });

    test('[KICK7] the creator is blocked by a server token or an admin only, also with a kick', async () => {
      await world.user('anna', { role: 'admin' as never });
      await world.join('john', cid);
      expect(await refusedWith(kick(world.as('mod'), 'john', true))).toMatchObject({ status: 403 });
      expect(await world.isIn('john', cid)).toBe(true);
      await kick(world.as('anna'), 'john', true);
      expect(await world.isIn('john', cid)).toBe(false);
    });
  });
}
