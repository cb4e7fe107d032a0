import type { RoleName, UserId, UserRequest } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { deleteUsers } from './delete-users.ts';
import { upsertUsers } from './upsert-users.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
    });
    afterEach(() => world.close());

    /** As clients write it: ids are plain texts. */
    type Asked = Omit<UserRequest, 'id'> & { id: string };
    const ask = (...users: Asked[]) => ({
      users: Object.fromEntries(users.map((user) => [user.id, user as UserRequest])),
    });
    const upsert = (...users: Asked[]) => upsertUsers(world.services.acts, world.server(), ask(...users));
    const storedIds = async () => (await world.rows('users')).map((row) => row.id).sort();

    it('[USR1] a user token may not upsert, whatever its role', async () => {
      await world.user('ada', { role: 'admin' as RoleName });
      const work = upsertUsers(world.services.acts, world.as('ada'), ask({ id: 'ada', name: 'Ada' }));
      expect(await refusedWith(work)).toMatchObject({ status: 403, kind: 'not_allowed' });
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    it('[USR2] one bad user fails the whole request', async () => {
      const work = upsert({ id: 'john' }, { id: 'sara', role: 'nobody' as RoleName }, { id: 'zoe' });
      expect((await refusedWith(work)).fields).toEqual(['users.sara.role']);
      expect(await storedIds()).toEqual([]);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    it('[USR3] a role must exist, and call-member is call_member', async () => {
      const refused = await refusedWith(upsert({ id: 'sara', role: 'dancer' as RoleName }));
      expect(refused).toMatchObject({ status: 400, kind: 'input', fields: ['users.sara.role'] });
      const { body } = await upsert({ id: 'sara', role: 'call-member' as RoleName });
      expect(body.users.sara?.role).toBe('call_member');
    });

    it('[USR4] the key must equal the id', async () => {
      const users = { john: { id: 'sara' as UserId } };
      const work = upsertUsers(world.services.acts, world.server(), { users });
      expect((await refusedWith(work)).fields).toEqual(['users.john.id']);
    });

    it.each(['guest-1', 'anonymous-1'])('[USR5] the id %s is reserved', async (id) => {
      expect((await refusedWith(upsert({ id }))).fields).toEqual([`users.${id}.id`]);
    });

    it('[USR6] custom data has a bound in bytes', async () => {
      const refused = await refusedWith(upsert({ id: 'sara', custom: { text: 'ü'.repeat(2600) } }));
      expect(refused.fields).toEqual(['users.sara.custom']);
      await upsert({ id: 'sara', custom: { text: 'ü'.repeat(2500) } });
    });

    it('[USR7] what is left out goes back to its default', async () => {
      await upsert({
        id: 'sara',
        role: 'moderator' as RoleName,
        name: 'Sara',
        image: 'https://example.test/sara.png',
        custom: { color: 'red' },
        teams: ['north', 'north', 'south'],
        language: 'pt-BR',
        invisible: true,
      });
      const { body } = await upsert({ id: 'sara' });
      expect(body.users.sara).toMatchObject({
        role: 'user',
        custom: {},
        teams: [],
        language: '',
        invisible: false,
      });
      expect(body.users.sara).not.toHaveProperty('name');
      expect(body.users.sara).not.toHaveProperty('image');
    });

    it('[USR7] deactivation and the date of revocation stay', async () => {
      await world.user('sara', { deactivated_at: 1000, revoke_tokens_issued_before: 2000 });
      const { body } = await upsert({ id: 'sara', name: 'Sara' });
      expect(body.users.sara).toMatchObject({
        deactivated_at: '1970-01-01T00:00:01.000Z',
        revoke_tokens_issued_before: '1970-01-01T00:00:02.000Z',
      });
    });

    it('[USR8] asking twice changes nothing the second time', async () => {
      const user = { id: 'sara', custom: { b: 1, a: { d: 2, c: [3] } }, teams: ['north'] };
      const first = await upsert(user);
      const traces = await world.traces();
      world.clock.advance(1000);
      const second = await upsert(user);
      expect(second.body).toEqual(first.body);
      expect(await world.traces()).toEqual(traces);
    });

    it('[USR9] the answer is 201 with every user', async () => {
      await upsert({ id: 'sara' });
      const reply = await upsert({ id: 'sara' }, { id: 'john', name: 'John' });
      expect(reply).not.toHaveProperty('enforcement');
      expect(reply.status).toBe(201);
      expect(Object.keys(reply.body.users).sort()).toEqual(['john', 'sara']);
    });

    it('[USR10] one audit record for all, one event for each', async () => {
      await upsert({ id: 'sara' });
      world.clock.advance(1);
      await upsert({ id: 'sara', name: 'Sara' }, { id: 'john', role: 'host' as RoleName });
      const audits = await world.audits();
      expect(audits).toHaveLength(2);
      expect(audits[0]).toMatchObject({ action: 'user.upsert', target_type: 'user', target_id: 'sara' });
      expect(audits[1]).toMatchObject({ target_id: null, before: { sara: { name: null }, john: null } });
      expect(audits[1]?.after).toMatchObject({ sara: { name: 'Sara' }, john: { role: 'host' } });
      const types = (await world.events()).map((event) => event.type).sort();
      expect(types).toEqual(['user.created', 'user.created', 'user.updated']);
    });

    it('[USR11] a deleted id starts anew and its older tokens stay refused', async () => {
      await upsert({ id: 'sara', name: 'Sara' });
      const ids = ['sara' as UserId];
      await deleteUsers(world.services.acts, world.server(), { user_ids: ids });
      world.clock.advance(5000);
      const { body } = await upsert({ id: 'sara' });
      const cid = await world.call('default:standup');
      expect(body.users.sara).not.toHaveProperty('deleted_at');
      expect(Date.parse(body.users.sara?.created_at ?? '')).toBe(world.clock.now());
      expect((await world.policy('sara', cid)).joinRefusal).toBe('token_revoked');
      expect((await world.events()).at(-1)?.type).toBe('user.created');
    });

    it('[USR11] bans hold and a later date of revocation stays', async () => {
      const later = world.clock.now() + 60_000;
      await world.user('sara', { deleted_at: 1, deletion: 'soft', revoke_tokens_issued_before: later });
      await world.insert('bans', banOf('sara'));
      const { body } = await upsert({ id: 'sara' });
      expect(body.users.sara).toMatchObject({ banned: true });
      expect(Date.parse(body.users.sara?.revoke_tokens_issued_before ?? '')).toBe(later);
    });

    it('[USR70] losing a team removes from the calls of that team', async () => {
      await upsert({ id: 'sara', teams: ['north'] });
      const cid = await world.call('default:standup', { fields: { team: 'north' } });
      await switchOnTenancy(world);
      await world.join('sara', cid);
      await upsert({ id: 'sara', teams: ['north'], name: 'Sara' });
      expect(await world.isIn('sara', cid)).toBe(true);
      const reply = await upsert({ id: 'sara', teams: ['south'] });
      expect(reply.enforcement).toMatchObject({ sessions: 1 });
      expect(await world.isIn('sara', cid)).toBe(false);
    });

    it('[USR71] twenty requests at once make one user and one event of creation', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `Sara ${index}`);
      await Promise.all(names.map((name) => upsert({ id: 'sara', name })));
      const types = (await world.events()).map((event) => event.type);
      expect(types.filter((type) => type === 'user.created')).toHaveLength(1);
      expect(types).toHaveLength(20);
      expect(await world.audits()).toHaveLength(20);
    });
  });
}

const banOf = (id: string) => ({
  id: `ban-${id}` as never,
  target_user_id: id as UserId,
  cid: '' as const,
  banned_by_id: null,
  reason: null,
  ip_ban: 0 as const,
  shadow: 0 as const,
  delete_messages: null,
  created_at: 0,
  expires_at: null,
});

async function switchOnTenancy(world: World): Promise<void> {
  await updateApp(world.services.acts, world.server(), { multi_tenant_enabled: true });
}
