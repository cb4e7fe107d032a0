import type { CallCid, Capability, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { requestPermission } from '../permission-requests/index.ts';
import { createWorld, held, missingFields, refusedWith, type World } from '../test/world.ts';
import { grantsOf, updateUserPermissions } from './index.ts';

for (const engine of testEngines) {
  describe(`call grants on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      await world.user('sara');
      await world.user('mod', { role: 'moderator' as never });
      cid = await world.call('audio_room:stage', { createdBy: 'john' });
    });
    afterEach(() => world.close());
    const update = (
      by: ReturnType<World['server']>,
      id: string,
      grant_permissions: Capability[] = [],
      revoke_permissions: Capability[] = [],
    ) =>
      updateUserPermissions(world.services.acts, by, {
        cid,
        user_id: id as UserId,
        grant_permissions,
        revoke_permissions,
      });

    test('[GRT1] without update-call-permissions it is 403, code 17, and nothing changes', async () => {
      expect(await refusedWith(update(world.as('sara'), 'mod', ['send-audio']))).toMatchObject({
        status: 403,
      });
      expect(await world.rows('call_grants')).toEqual([]);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[GRT2] nothing to do, or a capability in both lists, is 400, code 4', async () => {
      expect(await refusedWith(update(world.server(), 'sara'))).toMatchObject({ status: 400 });
      const both = update(world.server(), 'sara', ['send-audio'], ['send-audio']);
      expect(await refusedWith(both)).toMatchObject({ status: 400, fields: ['revoke_permissions'] });
    });

    test('[GRT3] an unknown call or person is 404, code 16; oneself is 400, code 4; a higher rank is 403', async () => {
      expect(await refusedWith(update(world.server(), 'nobody', ['send-audio']))).toMatchObject({
        status: 404,
      });
      expect(await refusedWith(update(world.as('john'), 'john', ['send-audio']))).toMatchObject({
        status: 400,
      });
      expect(await refusedWith(update(world.as('john'), 'mod', ['send-audio']))).toMatchObject({
        status: 403,
      });
    });

    test('[GRT4] a user token grants only what its user holds and revokes only the three that can be asked for', async () => {
      const notHeld = update(world.as('mod'), 'sara', ['end-call']);
      expect(await refusedWith(notHeld)).toMatchObject({
        status: 403,
        message: expect.stringContaining('end-call'),
      });
      const other = update(world.as('john'), 'sara', [], ['join-call']);
      expect(await refusedWith(other)).toMatchObject({
        status: 403,
        message: expect.stringContaining('join-call'),
      });
      await update(world.server(), 'sara', ['end-call'], ['join-call']);
      expect(held(await world.policy('sara', cid))).toEqual(expect.arrayContaining(['end-call']));
      expect((await world.policy('sara', cid)).joinRefusal).toBe('no_capability');
    });

    test('[GRT5] a granted permission holds until it is revoked, a revoked one until it is granted', async () => {
      expect(held(await world.policy('sara', cid))).not.toContain('send-audio');
      await update(world.as('john'), 'sara', ['send-audio']);
      expect(held(await world.policy('sara', cid))).toContain('send-audio');
      await update(world.as('mod'), 'sara', [], ['send-audio']);
      expect(held(await world.policy('sara', cid))).not.toContain('send-audio');
      await world.insert('call_members', {
        cid,
        user_id: 'sara' as UserId,
        role: 'speaker' as never,
        custom: '{}',
        created_at: 1,
        updated_at: 1,
      });
      expect(held(await world.policy('sara', cid))).not.toContain('send-audio');
      await update(world.server(), 'sara', ['send-audio']);
      expect(held(await world.policy('sara', cid))).toContain('send-audio');
    });

    test('[GRT6] a kind that is off stays off, whatever is granted', async () => {
      await update(world.server(), 'sara', ['screenshare']);
      expect(held(await world.policy('sara', cid))).not.toContain('screenshare');
    });

    test('[GRT7] revoking join-call ends the person’s sessions before the reply', async () => {
      await world.join('sara', cid);
      const reply = await update(world.server(), 'sara', [], ['join-call']);
      expect(reply.enforcement).toMatchObject({ sessions: 1 });
      expect(await world.isIn('sara', cid)).toBe(false);
    });

    test('[GRT8] one audit record and one event with what the person may do now', async () => {
      await update(world.as('john'), 'sara', ['send-audio'], ['send-video']);
      expect(await world.audits()).toMatchObject([
        {
          action: 'call.permissions',
          actor_id: 'john',
          before: { 'send-audio': null, 'send-video': null },
          after: { 'send-audio': 'granted', 'send-video': 'revoked' },
        },
      ]);
      const [event] = await world.events(cid);
      expect(event).toMatchObject({
        type: 'call.permissions_updated',
        payload: {
          user: { id: 'sara' },
          actor: { id: 'john' },
          own_capabilities: held(await world.policy('sara', cid)),
        },
      });
      expect(event && missingFields(event)).toEqual([]);
    });

    test('[GRT9] what was said before is the same 200 with no event', async () => {
      await update(world.server(), 'sara', ['send-audio']);
      const before = await world.traces();
      expect(await update(world.as('john'), 'sara', ['send-audio'])).toMatchObject({ status: 200, body: {} });
      expect(await world.traces()).toEqual(before);
    });

    test('[GRT10] granting answers the matching pending requests as granted, revoking as denied', async () => {
      await requestPermission(world.services.acts, world.as('sara'), { cid, permissions: ['send-audio'] });
      await update(world.as('john'), 'sara', [], ['send-audio']);
      expect(await world.rows('permission_requests')).toMatchObject([
        { state: 'denied', answered_by_id: 'john', answered_at: world.clock.now() },
      ]);
      await requestPermission(world.services.acts, world.as('sara'), { cid, permissions: ['send-audio'] });
      await update(world.as('john'), 'sara', ['send-audio']);
      const states = (await world.rows('permission_requests')).map((row) => row.state).sort();
      expect(states).toEqual(['denied', 'granted']);
    });

    test('[GRT11] two moderators at once never overwrite each other: 200 changes, none lost', async () => {
      const capabilities: Capability[] = ['send-audio', 'send-video', 'screenshare', 'create-reaction'];
      const work = Array.from({ length: 200 }, (_, at) => {
        const capability = capabilities[at % 4] as Capability;
        const isGrant = Math.floor(at / 4) % 2 === 0;
        return update(world.server(), 'sara', isGrant ? [capability] : [], isGrant ? [] : [capability]);
      });
      const replies = await Promise.all(work);
      expect(replies.map((reply) => reply.status)).toEqual(Array(200).fill(200));
      const grants = await world.services.database.read((s) => grantsOf(s, cid, 'sara' as UserId));
      expect(grants).toHaveLength(4);
      // Each change names the state before it: the records are one chain per capability that ends at the rows.
      const audits = (await world.audits()) as {
        before: Record<string, string | null>;
        after: Record<string, string>;
      }[];
      for (const { capability, state } of grants) {
        const steps = audits.filter((audit) => capability in audit.after);
        const [first, ...others] = steps.filter((audit) => audit.before[capability] === null);
        expect(others).toEqual([]);
        expect(steps.every((audit) => audit.before[capability] !== audit.after[capability])).toBe(true);
        // States alternate, so the last is the first after an odd number of changes and the other after an even one.
        expect(state === first?.after[capability]).toBe(steps.length % 2 === 1);
      }
      expect(await world.events(cid)).toHaveLength(audits.length);
    });
  });
}
