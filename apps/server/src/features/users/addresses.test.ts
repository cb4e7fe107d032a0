import type { UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { createWorld, type World } from '../test/world.ts';
import { quotaAddress } from './address.ts';
import { addressesOf, rememberAddress } from './addresses.store.ts';

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

    it('[USR61] being seen is the last activity', async () => {
      await seeAt(null);
      const [row] = await world.rows('users');
      expect(row?.last_active).toBe(world.clock.now());
    });
  });
}
