import { type CallCid, LIMITS } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { createWorld, missingFields, refusedWith, WORLD_START, type World } from '../test/world.ts';
import { createPlayLink, exchangePlayLink, linksAtStart } from './index.ts';

const MAKING = { origin: 'https://calls.example.com', apiKey: 'the key' };
const secretOf = (url: string): string => new URLSearchParams(new URL(url).hash.slice(1)).get('link') ?? '';

for (const engine of testEngines) {
  describe(`play links on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      await world.user('sara');
      cid = await world.call('default:standup', { createdBy: 'john', members: { john: 'host' } });
    });
    afterEach(() => world.close());
    const make = (by: ActRequest, more: object = {}) =>
      createPlayLink(world.services.acts, by, { cid, ...more }, MAKING);
    const use = (secret: string, from: Partial<ActRequest> = {}) =>
      exchangePlayLink(world.services.acts, { ...stranger(), ...from }, { secret }, (claims) =>
        JSON.stringify(claims),
      );
    const stranger = (): ActRequest => ({
      caller: {
        kind: 'anonymous',
        token: { issuedAt: null, expiresAt: null, callCids: null, role: null },
      },
      requestId: 'req-stranger',
      address: '203.0.113.77',
    });
    const linked = async (more: object = {}) => secretOf((await make(world.server(), more)).body.url);

    test('[PLY1] without the right, and to a rank that is not lower, it is 403 and nothing changes', async () => {
      expect(await refusedWith(make(world.as('sara')))).toMatchObject({ status: 403, kind: 'not_allowed' });
      expect(await refusedWith(make(world.as('john'), { role: 'host' }))).toMatchObject({ status: 403 });
      expect(await refusedWith(make(world.as('john'), { role: 'admin' }))).toMatchObject({ status: 403 });
      expect(await world.rows('play_links')).toEqual([]);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
      expect(await make(world.as('john'), { role: 'speaker' })).toMatchObject({ status: 201 });
    });

    test('[PLY2] an unknown call, an unknown role and too many open links are refused', async () => {
      const nowhere = make(world.server(), { cid: 'default:none' });
      expect(await refusedWith(nowhere)).toMatchObject({
        status: 404,
        message: expect.stringContaining('none'),
      });
      const strange = make(world.server(), { role: 'clown' });
      expect(await refusedWith(strange)).toMatchObject({ status: 400, fields: ['role'] });
      for (let made = 0; made < LIMITS.openPlayLinks; made++) await make(world.server());
      expect(await refusedWith(make(world.server()))).toMatchObject({ status: 400, fields: ['id'] });
      await world.pass(LIMITS.playLinkMinutesDefault * 60_000);
      expect(await make(world.server())).toMatchObject({ status: 201 });
    });

    test('[PLY3] the secret stands in the fragment and nowhere else', async () => {
      const { status, body } = await make(world.as('john'), { name: 'Vera', expires_in_minutes: 5 });
      expect([status, body]).toMatchObject([
        201,
        { call_cid: cid, role: 'call_member', expires_at: '2026-01-01T00:05:00.000Z' },
      ]);
      const url = new URL(body.url);
      expect([url.origin, url.pathname, url.search]).toEqual(['https://calls.example.com', '/play', '']);
      const secret = secretOf(body.url);
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      const audits = await world.audits();
      expect(audits).toMatchObject([{ action: 'play_link.create', actor_id: 'john', cid }]);
      const kept = [await world.rows('play_links'), await world.rows('audit_records')];
      expect(JSON.stringify(kept)).not.toContain(secret);
    });

    test('[PLY4] an idempotency key makes one link, and the second answer is 400', async () => {
      const request = { ...world.as('john'), idempotency: { key: 'once', requestHash: 'h' } };
      await make(request);
      expect(await refusedWith(make(request))).toMatchObject({ status: 400, fields: ['Idempotency-Key'] });
      expect(await world.rows('play_links')).toHaveLength(1);
      expect(JSON.stringify(await world.rows('idempotency_keys'))).not.toContain('link=');
    });

    test('[PLY5] unknown, expired and used links are 403, say which, and change nothing', async () => {
      const wrong = await refusedWith(use('a-secret-that-nobody-made'));
      expect(wrong).toMatchObject({ status: 403, message: expect.stringContaining('none of this server') });
      const late = await linked({ expires_in_minutes: 1 });
      await world.pass(60_000);
      const before = await world.traces();
      const expired = await refusedWith(use(late));
      expect(expired).toMatchObject({
        status: 403,
        message: expect.stringContaining('time of this link is over'),
      });
      expect(await world.traces()).toEqual(before);
      const secret = await linked();
      await use(secret);
      const after = await world.traces();
      const again = await refusedWith(use(secret));
      expect(again).toMatchObject({ status: 403, message: expect.stringContaining('used already') });
      expect(await world.traces()).toEqual(after);
    });

    test('[PLY5] a banned address and a person who is gone use no link', async () => {
      await world.insert('bans', {
        ...{
          id: 'ban-1' as never,
          target_user_id: 'sara' as never,
          cid: '',
          banned_by_id: null,
          reason: null,
        },
        ...{ ip_ban: 1, shadow: 0, delete_messages: null, created_at: WORLD_START, expires_at: null },
      });
      await world.insert('ip_bans', {
        ban_id: 'ban-1' as never,
        prefix: '203.0.113.77/32',
        expires_at: null,
      });
      const secret = await linked();
      expect(await refusedWith(use(secret))).toMatchObject({ status: 403 });
      expect(await world.rows('play_links')).toMatchObject([{ used_at: null }]);
      const [link] = await world.rows('play_links');
      await world.user(link?.user_id ?? '', { deactivated_at: WORLD_START });
      expect(await refusedWith(use(secret, { address: null }))).toMatchObject({ status: 403 });
      expect(await world.rows('play_links')).toMatchObject([{ used_at: null }]);
    });

    test('[PLY7] of two exchanges at once one succeeds', async () => {
      const secret = await linked();
      const ends = await Promise.allSettled([use(secret), use(secret), use(secret)]);
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await world.rows('call_members')).filter(({ user_id }) => user_id !== 'john')).toHaveLength(1);
    });

    test('[PLY8] the person is made, a member with the role of the link, and told', async () => {
      const secret = secretOf((await make(world.as('john'), { role: 'speaker', name: 'Vera' })).body.url);
      const { status, body } = await use(secret);
      expect([status, body]).toMatchObject([
        201,
        { user: { role: 'user', name: 'Vera' }, call_cid: cid, role: 'speaker' },
      ]);
      expect(await world.rows('users')).toContainEqual(
        expect.objectContaining({ id: body.user_id, role: 'user', guest_expires_at: null }),
      );
      expect(await world.rows('call_members')).toContainEqual(
        expect.objectContaining({ user_id: body.user_id, role: 'speaker' }),
      );
      const audits = (await world.audits()).filter(({ action }) => action !== 'play_link.create');
      expect(audits).toMatchObject([
        { action: 'play_link.exchange', actor_kind: 'server', as_id: 'john', target_id: body.user_id },
      ]);
      const events = (await world.events()).filter(({ type }) => /^(user|call)\./.test(type));
      expect(events.map(({ type }) => type).sort()).toEqual(['call.member_added', 'user.created']);
      expect(events.flatMap(missingFields)).toEqual([]);
    });

    test('[PLY9] the token is for the call alone and runs out after 12 hours', async () => {
      const { body } = await use(await linked());
      const claims = JSON.parse(body.access_token) as object;
      expect(claims).toEqual({
        ...{ userId: body.user_id, callCids: [cid], callsOnly: true },
        ...{ issuedAt: WORLD_START, expiresAt: WORLD_START + 12 * 60 * 60 * 1000 },
      });
      expect(body.expires_at).toBe('2026-01-01T12:00:00.000Z');
    });

    test('[PLY11] a repeated exchange with its key answers the same, from elsewhere it is refused', async () => {
      const idempotency = { key: 'mine', requestHash: 'h' };
      const secret = await linked();
      const first = await use(secret, { idempotency });
      expect(await use(secret, { idempotency })).toEqual(first);
      const elsewhere = use(secret, { idempotency, address: '203.0.113.78' });
      expect(await refusedWith(elsewhere)).toMatchObject({ status: 403 });
    });

    test('[PLY12] links are dropped 7 days after their time', async () => {
      const week = 7 * 24 * 60 * 60 * 1000;
      await linked({ expires_in_minutes: 1 });
      await world.pass(60_000 + week - 1);
      expect(await world.rows('play_links')).toHaveLength(1);
      await world.pass(2 * 60 * 60 * 1000);
      expect(await world.rows('play_links')).toEqual([]);
    });

    test('[PLY15] the next start takes unused links back and leads into the same call until it has ended', async () => {
      const first = await linksAtStart(world.services, MAKING);
      const host = await use(secretOf(first.host));
      const second = await linksAtStart(world.services, MAKING);
      expect(second.cid).toBe(first.cid);
      expect(await refusedWith(use(secretOf(first.participant)))).toMatchObject({ status: 403 });
      expect((await use(secretOf(second.host))).body).toMatchObject({
        user_id: host.body.user_id,
        role: 'host',
      });
      const visitor = await use(secretOf(second.participant));
      expect((await world.policy(visitor.body.user_id, second.cid)).joinRefusal).toBe(null);
      expect((await world.policy(host.body.user_id, second.cid)).capabilities).toContain('kick-user');
      const { endCall } = await import('../calls/index.ts');
      await endCall(world.services.acts, world.server(), { cid: second.cid });
      const third = await linksAtStart(world.services, MAKING);
      expect(third.cid).not.toBe(first.cid);
    });
  });
}
