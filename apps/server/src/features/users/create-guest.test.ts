import type { CreateGuestRequest, UserId } from '@callgate/contract';
import { createDecoder } from 'fast-jwt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { createAnonymousPerson } from './create-anonymous-person.ts';
import { createGuest } from './create-guest.ts';
import { signUserToken, type UserTokenClaims } from './token.ts';
import { updateUsersPartial } from './update-users-partial.ts';

const SECRET = 'a secret of this test';
const sign = (claims: UserTokenClaims) => signUserToken(SECRET, claims);
const decode = createDecoder();
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      await setApp({ guests: { enabled: true } });
    });
    afterEach(() => world.close());

    const setApp = (change: Parameters<typeof updateApp>[2]) =>
      updateApp(world.services.acts, world.server(), change);
    const from = (address: string | null, key?: string): ActRequest => ({
      caller: {
        kind: 'anonymous',
        token: { issuedAt: null, expiresAt: null, callCids: null, role: null },
      },
      requestId: 'guest',
      address,
      ...(key && { idempotency: { key, requestHash: 'same' } }),
    });
    const make = (user: Partial<CreateGuestRequest['user']> = {}, request = from('203.0.113.5')) =>
      createGuest(world.services.acts, request, { user } as CreateGuestRequest, sign);

    it('[GST1] guests are off until switched on, and while multi-tenancy is on', async () => {
      await setApp({ multi_tenant_enabled: true });
      expect(await refusedWith(make())).toMatchObject({ status: 403, kind: 'not_allowed' });
      await setApp({ multi_tenant_enabled: false, guests: { enabled: false } });
      expect(await refusedWith(make())).toMatchObject({ status: 403 });
      expect(await world.rows('users')).toEqual([]);
    });

    it('[GST2] a banned address makes no guest', async () => {
      await world.insert('bans', {
        id: 'ban' as never,
        target_user_id: 'x' as UserId,
        cid: '',
        banned_by_id: null,
        reason: null,
        ip_ban: 1,
        shadow: 0,
        delete_messages: null,
        created_at: 0,
        expires_at: null,
      });
      await world.insert('ip_bans', { ban_id: 'ban' as never, prefix: '203.0.113.5/32', expires_at: null });
      expect(await refusedWith(make())).toMatchObject({ status: 403, message: 'this address is banned' });
      expect((await make({}, from('203.0.113.6'))).status).toBe(201);
    });

    it('[GST3] the id of an existing user is refused, another becomes the end of a made one', async () => {
      await world.user('sara');
      expect(await refusedWith(make({ id: 'sara' as UserId }))).toMatchObject({
        status: 400,
        fields: ['user.id'],
      });
      const { body } = await make({ id: 'john' as UserId });
      expect(body.user.id).toMatch(/^guest-[0-9a-f-]{36}-john$/);
      const long = await make({ id: 'x'.repeat(255) as UserId });
      expect(long.body.user.id).toHaveLength(255);
    });

    it('[GST4] an address has a quota an hour, a /64 counts as one', async () => {
      await setApp({ guests: { per_address_per_hour: 2 } });
      const addresses = ['203.0.113.5', '2001:db8::1', null];
      for (const address of addresses) {
        await make({}, from(address));
        await make({}, from(address));
        expect(await refusedWith(make({}, from(address)))).toMatchObject({
          status: 429,
          kind: 'rate_limited',
        });
      }
      expect(await refusedWith(make({}, from('2001:db8::ffff')))).toMatchObject({ status: 429 });
      await make({}, from('2001:db8:0:1::1'));
      world.clock.advance(60 * 60 * 1000);
      for (const address of addresses) await make({}, from(address));
    });

    it('[GST4] the refusal says when the next guest may be made', async () => {
      await setApp({ guests: { per_address_per_hour: 2 } });
      await make();
      world.clock.advance(60_000);
      await make();
      world.clock.advance(60_500);
      const refused = await make().catch((error: unknown) => error);
      expect(refused).toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 3480 });
      world.clock.advance(3480_000);
      await make();
    });

    it('[GST4] guests made at once do not exceed the quota', async () => {
      await setApp({ guests: { per_address_per_hour: 3 } });
      const made = await Promise.allSettled(Array.from({ length: 12 }, () => make()));
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    });

    it('[GST5] a guest and a token that run out together', async () => {
      await setApp({ guests: { expire_after_minutes: 30 } });
      const { status, body } = await make({ name: 'Gus', custom: { a: 1 } });
      expect(status).toBe(201);
      expect(body.user).toMatchObject({ role: 'guest', name: 'Gus', custom: { a: 1 }, blocked_user_ids: [] });
      const now = world.clock.now() / 1000;
      const claims = { user_id: body.user.id, iat: now, exp: now + 30 * 60 };
      expect(decode(body.access_token)).toEqual(claims);
      const audits = await world.audits();
      expect(audits.find(({ action }) => action === 'user.create_guest')?.target_id).toBe(body.user.id);
      const events = await world.events();
      expect(events.find(({ type }) => type === 'user.created')?.payload.user).toMatchObject({
        role: 'guest',
      });
    });

    it('[GST6] a guest who ran out is refused', async () => {
      const cid = await world.call('default:open');
      const { body } = await make();
      world.clock.advance(DAY_MS - 1);
      expect((await world.policy(body.user.id, cid)).joinRefusal).toBeNull();
      world.clock.advance(1);
      expect((await world.policy(body.user.id, cid)).joinRefusal).toBe('expired');
    });

    it('[GST1] guests who are there already are refused by the act itself once guests are off', async () => {
      const { body } = await make();
      const rename = () =>
        updateUsersPartial(world.services.acts, world.as(body.user.id), {
          users: [{ id: body.user.id, set: { name: 'Gus' } }],
        });
      await setApp({ guests: { enabled: false } });
      expect(await refusedWith(rename())).toMatchObject({ status: 403, kind: 'not_allowed' });
      await setApp({ guests: { enabled: true } });
      expect((await rename()).status).toBe(200);
    });

    it('[GST7] the same key from the same address answers the same guest and token', async () => {
      const first = await make({}, from('203.0.113.5', 'key'));
      world.clock.advance(60_000);
      const again = await make({}, from('203.0.113.5', 'key'));
      const elsewhere = await make({}, from('203.0.113.7', 'key'));
      expect(again.body).toEqual(first.body);
      expect(elsewhere.body.user.id).not.toBe(first.body.user.id);
      const stored = JSON.stringify(await world.rows('idempotency_keys'));
      expect(stored).toContain(first.body.user.id);
      expect(stored).not.toContain(first.body.access_token);
    });

    it('[GST8] rows that ran out long ago are removed, members stay', async () => {
      const { body: first } = await make();
      const { body: member } = await make({ name: 'Member' });
      await world.call('default:one', { members: { [member.user.id]: 'call_member' } });
      const ids = async () => (await world.rows('users')).map((row) => row.name ?? row.id);
      await world.pass(31 * DAY_MS);
      expect(await ids()).toContain(first.user.id);
      await world.pass(HOUR_MS);
      expect(await ids()).toEqual(['Member']);
    });

    it('[ANO1] an anonymous person gets a row until the token ends, or for a day', async () => {
      const now = world.clock.now();
      const person = (expiresAt: number | null) =>
        world.services.database.write((tx) => createAnonymousPerson({ tx, now }, expiresAt));
      const [ends, day] = [await person(now + 5000), await person(null)];
      expect(ends).toMatchObject({ role: 'anonymous', guest_expires_at: now + 5000 });
      expect(ends.id).toMatch(/^anonymous-[0-9a-f-]{36}$/);
      expect(day.guest_expires_at).toBe(now + DAY_MS);
      expect((await world.rows('users')).map((row) => row.id).sort()).toEqual([ends.id, day.id].sort());
    });
  });
}
