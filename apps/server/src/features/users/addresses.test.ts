import type { UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { createWorld, type World } from '../test/world.ts';
import { quotaAddress } from './address.ts';
import { addressesOf, rememberAddress, rememberSeen } from './addresses.store.ts';

const SARA = 'sara' as UserId;
const DAY_MS = 24 * 60 * 60 * 1000;

describe('what a quota counts as one address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7/32'],
    ['::ffff:203.0.113.7', '203.0.113.7/32'],
    ['2001:db8:1:2:3::4', '2001:db8:1:2::/64'],
    ['nonsense', 'unknown'],
    [null, 'unknown'],
  ])('[GST4] %s is %s', (address, counted) => {
    expect(quotaAddress(address)).toBe(counted);
  });
});

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('sara');
    });
    afterEach(() => world.close());

    const seeAt = (address: string | null) =>
      world.services.database.write((tx) => rememberAddress(tx, SARA, address, world.clock.now()));
    const since = (ms: number) =>
      world.services.database.read((snapshot) => addressesOf(snapshot, SARA, world.clock.now() - ms));

    const UNKEPT = [
      '127.0.0.1',
      '::1',
      '10.1.2.3',
      '192.168.0.9',
      '169.254.1.1',
      'fd00::1',
      'fe80::1',
      '100.64.0.1',
    ];

    it('[USR60] addresses that stand for many are not kept unless switched on', async () => {
      for (const address of [...UNKEPT, '::ffff:10.0.0.1', null, 'nonsense']) await seeAt(address);
      expect(await since(DAY_MS)).toEqual([]);
      await updateApp(world.services.acts, world.server(), { ip_bans: { include_private: true } });
      for (const address of UNKEPT) await seeAt(address);
      expect(await since(DAY_MS)).toHaveLength(UNKEPT.length);
    });

    it('[USR60] kept in canonical form, the latest first, for 30 days', async () => {
      await seeAt('::ffff:203.0.113.1');
      world.clock.advance(DAY_MS);
      await seeAt('2001:DB8:0::1');
      expect(await since(DAY_MS)).toEqual(['2001:db8::1', '203.0.113.1']);
      expect(await since(DAY_MS - 1)).toEqual(['2001:db8::1']);
      world.clock.advance(29 * DAY_MS + 1);
      await seeAt('2001:db8::1');
      expect(await world.rows('user_addresses')).toHaveLength(1);
    });

    const seeAll = (...people: [id: string, address: string | null][]) =>
      world.services.database.write((tx) =>
        rememberSeen(
          tx,
          people.map(([id, address]) => ({ user_id: id as UserId, address })),
          world.clock.now(),
        ),
      );

    it('[USR60] [USR65] of the deleted and the unknown nothing is kept, of sockets either', async () => {
      await world.user('gone', { deleted_at: 1, deletion: 'hard' });
      await seeAll(['gone', '203.0.113.1'], ['nobody', '203.0.113.1'], ['sara', '10.0.0.1'], ['sara', null]);
      expect(await world.rows('user_addresses')).toEqual([]);
      const users = await world.rows('users');
      expect(users.map(({ id, last_active }) => [id, last_active]).sort()).toEqual([
        ['gone', null],
        ['sara', world.clock.now()],
      ]);
    });

    it('[USR60] addresses of many sockets are kept at once, each once', async () => {
      await world.user('john');
      await seeAll(['sara', '203.0.113.1'], ['sara', '::ffff:203.0.113.1'], ['sara', '2001:DB8:0::1']);
      const first = world.clock.now();
      world.clock.advance(1_000);
      await seeAll(['sara', '203.0.113.1'], ['john', '203.0.113.1']);
      const rows = await world.rows('user_addresses');
      const texts = rows.map((row) =>
        [row.user_id, row.address, row.first_seen_at, row.last_seen_at].join(' '),
      );
      expect(texts.sort()).toEqual([
        `john 203.0.113.1 ${first + 1_000} ${first + 1_000}`,
        `sara 2001:db8::1 ${first} ${first}`,
        `sara 203.0.113.1 ${first} ${first + 1_000}`,
      ]);
    });

    it('[USR65] sockets of the invisible leave last_active alone', async () => {
      await world.user('shy', { invisible: 1 });
      await seeAll(['shy', '203.0.113.1']);
      const shy = (await world.rows('users')).find(({ id }) => id === 'shy');
      expect(shy?.last_active).toBeNull();
      expect(await world.rows('user_addresses')).toHaveLength(1);
    });

    it('[USR61] being seen is the last activity', async () => {
      await seeAt(null);
      const [row] = await world.rows('users');
      expect(row?.last_active).toBe(world.clock.now());
    });
  });
}
