import type { BanId, SessionId, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BansTable, IdempotencyKeysTable, MediaSessionsTable } from '../../storage/tables.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { PURGE_BATCH } from '../timers/index.ts';
import { createWorld, WORLD_START, type World } from './world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** When the purges run for the first time. */
const AT = WORLD_START + HOUR_MS;

for (const engine of testEngines) {
  describe(`purges on ${engine.name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('sara');
    });
    afterEach(() => world.close());

    const address = (text: string, last_seen_at: number) => ({
      ...{ user_id: 'sara' as UserId, address: text, first_seen_at: 0, last_seen_at },
    });

    test('[TIM7] addresses that were not seen for 30 days go', async () => {
      const rows = [address('203.0.113.1', AT - 30 * DAY_MS - 1), address('203.0.113.2', AT - 30 * DAY_MS)];
      await world.insert('user_addresses', ...rows);
      await world.pass(HOUR_MS - 1);
      expect(await world.rows('user_addresses')).toHaveLength(2);
      await world.pass(1);
      expect((await world.rows('user_addresses')).map((row) => row.address)).toEqual(['203.0.113.2']);
    });

    test('[TIM7] the addresses of sessions that ended more than 30 days ago are forgotten', async () => {
      const cid = await world.call('default:one');
      await world.join('sara', cid);
      const [live] = await world.rows('media_sessions');
      if (!live) throw new Error('no session');
      const ended = (id: string, ended_at: number): MediaSessionsTable => ({
        ...live,
        ...{ id: id as SessionId, state: 'ended', ended_at },
      });
      await world.insert(
        'media_sessions',
        ended('old', AT - 30 * DAY_MS - 1),
        ended('new', AT - 30 * DAY_MS),
      );
      await world.pass(HOUR_MS);
      const kept = (await world.rows('media_sessions')).filter((row) => row.address !== null);
      expect(kept.map(({ id }) => id).sort()).toEqual([live.id, 'new'].sort());
      expect(await world.rows('media_sessions')).toHaveLength(3);
    });

    test('[TIM7] replies go when their 24 hours are over', async () => {
      const reply = (key: string, expires_at: number): IdempotencyKeysTable => ({
        ...{ scope: 'server', key, request_hash: '', status: 200, body: '{}', job_id: null },
        ...{ created_at: 0, expires_at },
      });
      await world.insert('idempotency_keys', reply('old', AT), reply('new', AT + 1));
      await world.pass(HOUR_MS);
      expect((await world.rows('idempotency_keys')).map(({ key }) => key)).toEqual(['new']);
    });

    test('[TIM7] the counts of guests go after an hour', async () => {
      const start = (id: string, created_at: number) => ({
        ...{ user_id: id as UserId, address: '203.0.113.1', created_at },
      });
      await world.insert('guest_starts', start('old', WORLD_START), start('new', WORLD_START + 1));
      await world.pass(HOUR_MS);
      expect((await world.rows('guest_starts')).map((row) => row.user_id)).toEqual(['new']);
    });

    test('[TIM7] bans that have been over for 7 days without a timer go untold', async () => {
      const ban = (id: string, expires_at: number | null): BansTable => ({
        ...{ id: id as BanId, target_user_id: id as UserId, cid: '', banned_by_id: null, reason: null },
        ...{ ip_ban: 0, shadow: 0, delete_messages: null, created_at: 0, expires_at },
      });
      const old = AT - 7 * DAY_MS;
      await world.insert('bans', ban('old', old), ban('new', old + 1), ban('for good', null));
      await world.pass(HOUR_MS);
      expect((await world.rows('bans')).map(({ id }) => id).sort()).toEqual(['for good', 'new']);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[TIM7] in batches, until nothing is left, and an hour later again', async () => {
      const many = Array.from({ length: 2 * PURGE_BATCH + 50 }, (_, at) => address(`203.0.113.${at}`, 0));
      await world.insert('user_addresses', ...many);
      await world.pass(HOUR_MS);
      expect(await world.rows('user_addresses')).toEqual([]);
      await world.insert('user_addresses', address('203.0.113.1', 0));
      await world.pass(HOUR_MS - 1);
      expect(await world.rows('user_addresses')).toHaveLength(1);
      await world.pass(1);
      expect(await world.rows('user_addresses')).toEqual([]);
    });
  });
}
