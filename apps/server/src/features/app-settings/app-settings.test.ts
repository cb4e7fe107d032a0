import type { UpdateAppRequest } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { appFacts } from './app-facts.ts';
import { getApp } from './get-app.ts';
import { updateApp } from './update-app.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
    });
    afterEach(() => world.close());

    const change = (input: UpdateAppRequest) => updateApp(world.services.acts, world.server(), input);
    const read = async () => (await getApp(world.services.acts, world.server())).app;

    it('[APP1] needs a server token', async () => {
      await world.user('ada', { role: 'admin' as never });
      const { acts } = world.services;
      expect(await refusedWith(getApp(acts, world.as('ada')))).toMatchObject({ status: 403 });
      const work = updateApp(acts, world.as('ada'), { multi_tenant_enabled: true });
      expect(await refusedWith(work)).toMatchObject({ status: 403 });
      expect((await read()).multi_tenant_enabled).toBe(false);
    });

    it.each(['nonsense', '203.0.113.0/33', '1.2.3', '2001:db8::/129'])(
      '[APP4] %s is no allowlist entry',
      async (entry) => {
        const ip_bans = { allowlist: ['203.0.113.0/24', entry] };
        const refused = await refusedWith(change({ multi_tenant_enabled: true, ip_bans }));
        expect(refused).toMatchObject({ status: 400, fields: ['ip_bans.allowlist.1'] });
        expect((await read()).multi_tenant_enabled).toBe(false);
        expect(await world.traces()).toEqual({ audits: 0, events: 0 });
      },
    );

    it('[APP2] every switch is off at first', async () => {
      expect(await read()).toMatchObject({
        multi_tenant_enabled: false,
        guests: { enabled: false, expire_after_minutes: 1440, per_address_per_hour: 10 },
        anonymous_users: { enabled: false },
        ip_bans: { allowlist: [], ipv6_prefix_length: 64, include_private: false },
      });
    });

    it('[APP3] a change leaves the rest as it is', async () => {
      await change({ guests: { enabled: true }, ip_bans: { allowlist: ['203.0.113.1', '2001:db8::/32'] } });
      const { body } = await change({ guests: { expire_after_minutes: 5 } });
      expect(body.app).toMatchObject({
        guests: { enabled: true, expire_after_minutes: 5, per_address_per_hour: 10 },
        ip_bans: { allowlist: ['203.0.113.1', '2001:db8::/32'], ipv6_prefix_length: 64 },
      });
      expect(await read()).toEqual(body.app);
    });

    it('[APP6] one audit record and one event, none for what is there already', async () => {
      await change({ anonymous_users: { enabled: true } });
      const [audit] = await world.audits();
      expect(audit).toMatchObject({
        action: 'app.update',
        before: { anonymous_users: { enabled: false } },
        after: { anonymous_users: { enabled: true } },
      });
      expect((await world.events()).map((event) => event.type)).toEqual(['app.updated']);
      const updated = (await read()).updated_at;
      world.clock.advance(1000);
      await change({ anonymous_users: { enabled: true } });
      await change({});
      expect(await world.traces()).toEqual({ audits: 1, events: 1 });
      expect((await read()).updated_at).toBe(updated);
    });

    it('[APP7] switching guests off removes them from their calls', async () => {
      await change({ guests: { enabled: true } });
      await world.user('gus', { role: 'guest' as never });
      await world.user('sara');
      const cid = await world.call('default:one');
      await world.join('gus', cid);
      await world.join('sara', cid);
      await change({ guests: { expire_after_minutes: 5 } });
      expect(await world.isIn('gus', cid)).toBe(true);
      await change({ guests: { enabled: false } });
      expect(await world.isIn('gus', cid)).toBe(false);
      expect(await world.isIn('sara', cid)).toBe(true);
    });

    it('[APP8] guests are off while multi-tenancy is on', async () => {
      await change({ guests: { enabled: true }, multi_tenant_enabled: true });
      const facts = () => world.services.database.read(appFacts);
      expect(await facts()).toMatchObject({ guests: false, multiTenant: true });
      await change({ multi_tenant_enabled: false });
      expect(await facts()).toMatchObject({ guests: true, multiTenant: false });
    });

    it('[APP9] the date of revocation is told, and cleared by null', async () => {
      const revoke_tokens_issued_before = '2026-01-01T00:00:00.000Z';
      await change({ revoke_tokens_issued_before: '2026-01-01T02:00:00+02:00' });
      expect(await read()).toMatchObject({ revoke_tokens_issued_before });
      await change({ revoke_tokens_issued_before: null });
      expect(await read()).not.toHaveProperty('revoke_tokens_issued_before');
    });
  });
}
