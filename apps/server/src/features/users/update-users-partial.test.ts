import type { RoleName, UpdateUsersPartialRequest } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { updateUsersPartial } from './update-users-partial.ts';

/** As clients write it: ids are plain texts. */
type Asked = { id: string; set?: Record<string, unknown>; unset?: string[] };

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('sara', { name: 'Sara', custom: '{"color":"red","size":1}' });
      await world.user('mia', { role: 'moderator' as RoleName });
      await world.user('max', { role: 'moderator' as RoleName });
      await world.user('ada', { role: 'admin' as RoleName });
    });
    afterEach(() => world.close());

    const update = (request: ActRequest, ...users: Asked[]) =>
      updateUsersPartial(world.services.acts, request, { users } as UpdateUsersPartialRequest);

    describe.each(['sara', 'mia', 'ada'])('as %s', (id) => {
      it.each([
        { set: { role: 'admin' } },
        { set: { role: 'user' } },
        { set: { teams: ['north'] } },
        { set: { revoke_tokens_issued_before: null } },
        { unset: ['teams'] },
        { unset: ['revoke_tokens_issued_before'] },
      ])('[USR21] %j of oneself needs a server token', async (change) => {
        const refused = await refusedWith(update(world.as(id), { id, ...change }));
        expect(refused).toMatchObject({ status: 403, kind: 'not_allowed' });
        expect(await world.traces()).toEqual({ audits: 0, events: 0 });
      });
    });

    it('[USR21] the last admin is not demoted by a user token, their own or another', async () => {
      for (const by of ['ada', 'mia', 'sara']) {
        await refusedWith(update(world.as(by), { id: 'ada', set: { role: 'user' } }));
      }
      expect((await world.rows('users')).find((row) => row.id === 'ada')?.role).toBe('admin');
    });

    it('[USR22] people of the same or a higher rank are out of reach', async () => {
      for (const [by, id] of [
        ['mia', 'max'],
        ['mia', 'ada'],
      ] as const) {
        expect(await refusedWith(update(world.as(by), { id, set: { name: 'X' } }))).toMatchObject({
          status: 403,
        });
      }
    });

    it('[USR22] moderators and admins change people of lower rank', async () => {
      await update(world.as('mia'), { id: 'sara', set: { name: 'Renamed' } });
      const { body } = await update(world.as('ada'), { id: 'mia', set: { name: 'Mia' } });
      expect(body.users.mia?.name).toBe('Mia');
      const audits = await world.audits();
      expect(audits.map((audit) => audit.actor_id)).toEqual(['mia', 'ada']);
      const [event] = await world.events();
      expect(event?.payload.actor).toMatchObject({ id: 'mia' });
      expect(event?.audience).toEqual({ users: ['sara'] });
    });

    it('[USR22] with multi-tenancy on, people of other teams are out of reach', async () => {
      await updateApp(world.services.acts, world.server(), { multi_tenant_enabled: true });
      await world.user('tom', { teams: '["north"]' });
      const refused = await refusedWith(update(world.as('mia'), { id: 'tom', set: { name: 'T' } }));
      expect(refused.message).toContain('another team');
      await update(world.as('mia'), { id: 'sara', set: { name: 'S' } });
    });

    it('[USR23] others are refused before it is said whether they exist', async () => {
      for (const id of ['mia', 'nobody']) {
        expect(await refusedWith(update(world.as('sara'), { id, set: { name: 'X' } }))).toMatchObject({
          status: 403,
          message: 'a user token changes its own user only',
        });
      }
      expect(await refusedWith(update(world.as('mia'), { id: 'nobody', set: {} }))).toMatchObject({
        status: 404,
      });
      expect(await refusedWith(update(world.server(), { id: 'nobody', set: {} }))).toMatchObject({
        status: 404,
      });
    });

    it('[USR25] a field may not be set and unset, nor an id named twice', async () => {
      const both = { id: 'sara', set: { name: 'S', custom: { size: 2 } } };
      for (const [index, name] of ['name', 'custom.size', 'custom'].entries()) {
        const unset = ['image', 'language', 'invisible'].slice(0, index).concat(name);
        const refused = await refusedWith(update(world.server(), { ...both, unset }));
        expect(refused.fields).toEqual([`users.0.unset.${index}`]);
      }
      const twice = await refusedWith(update(world.server(), { id: 'sara' }, { id: 'sara' }));
      expect(twice.fields).toEqual(['users.1.id']);
    });

    it('[USR6] merged custom data has the same bound', async () => {
      await update(world.server(), { id: 'sara', set: { custom: { a: 'x'.repeat(3000) } } });
      const work = update(world.server(), { id: 'sara', set: { custom: { b: 'x'.repeat(3000) } } });
      expect((await refusedWith(work)).fields).toEqual(['users.0.set.custom']);
    });

    it.each([
      { deactivated_at: 1 },
      { deleted_at: 1 },
      { revoke_tokens_issued_before: Date.parse('2030-01-01') },
    ])('[USR27] a caller with %j is refused in the act itself', async (fields) => {
      await world.user('eve', fields);
      expect(await refusedWith(update(world.as('eve'), { id: 'eve', set: { name: 'E' } }))).toMatchObject({
        status: 403,
      });
    });

    it('[USR20] [USR24] a person changes their own profile', async () => {
      const { status, body } = await update(world.as('sara'), {
        id: 'sara',
        set: { image: 'i', custom: { size: 2, shape: 'round' }, language: 'en', invisible: true },
        unset: ['name', 'custom.color'],
      });
      expect(status).toBe(200);
      expect(body.users.sara).toMatchObject({
        image: 'i',
        custom: { size: 2, shape: 'round' },
        language: 'en',
        invisible: true,
        role: 'user',
      });
      expect(body.users.sara).not.toHaveProperty('name');
      expect(body.users.sara).not.toHaveProperty('revoke_tokens_issued_before');
    });

    it('[USR24] unset puts every field back', async () => {
      const set = { role: 'host', name: 'S', image: 'i', teams: ['t'], language: 'en', invisible: true };
      await update(world.server(), { id: 'sara', set });
      const unset = ['name', 'image', 'custom', 'teams', 'language', 'invisible'];
      const { body } = await update(world.server(), { id: 'sara', unset });
      expect(body.users.sara).toMatchObject({ role: 'host', custom: {}, teams: [], language: '' });
      expect(body.users.sara?.invisible).toBe(false);
    });

    it('[USR26] all or none, and nothing for what is as asked', async () => {
      const work = update(world.server(), { id: 'sara', set: { name: 'New' } }, { id: 'nobody' });
      await refusedWith(work);
      expect((await world.rows('users')).find((row) => row.id === 'sara')?.name).toBe('Sara');
      await update(world.server(), { id: 'sara', set: { name: 'Sara', custom: { size: 1 } } });
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    it('[USR70] a demotion is applied to live sessions before the answer', async () => {
      const cid = await world.call('livestream:show', { fields: { backstage: 1 } });
      await update(world.server(), { id: 'sara', set: { role: 'host' } });
      await world.join('sara', cid);
      const { enforcement } = await update(world.server(), { id: 'sara', set: { role: 'user' } });
      expect(enforcement).toMatchObject({ state: 'no_media', sessions: 1 });
      expect(await world.isIn('sara', cid)).toBe(false);
    });
  });
}
