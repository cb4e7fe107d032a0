import { readFileSync } from 'node:fs';
import type { CallCid, UserId } from '@callgate/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { banUser } from '../bans/index.ts';
import { blockUser } from '../call-blocks/index.ts';
import { getCall, getOrCreateCall } from '../calls/index.ts';
import { kickUser } from '../kicks/index.ts';
import { muteUsers } from '../mutes/index.ts';
import { deactivateUser, deleteUsers } from '../users/index.ts';
import { createWorld, held, type World } from './world.ts';

/** The table of docs/spec/moderation.md, so that document and code cannot drift apart. */
const TABLE = readFileSync(new URL('../../../../../docs/spec/moderation.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| state'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

type Act = (world: World, target: { user_id: UserId; cid: CallCid }) => Promise<unknown>;

const ban =
  (input: object): Act =>
  (world, { user_id }) =>
    banUser(world.services.acts, world.services.addressBans, world.server(), {
      target_user_id: user_id,
      ...input,
    });

/** The command behind each row. */
const ACTS: Record<string, Act> = {
  'blocked on the call': (world, target) => blockUser(world.services.acts, world.server(), target),
  kicked: (world, target) => kickUser(world.services.acts, world.server(), target),
  banned: ban({}),
  'banned with channel_cid': (world, target) => ban({ channel_cid: target.cid })(world, target),
  // Somebody else is banned who was at the same address.
  'address banned': async (world, target) => {
    const other = await world.user(`other-${target.user_id}`);
    await ban({ ip_ban: true, ip_ranges: [addressOf(target.user_id)] })(world, { ...target, user_id: other });
  },
  'shadow banned': ban({ shadow: true }),
  muted: (world, { cid, user_id }) =>
    muteUsers(world.services.acts, world.server(), { cid, user_ids: [user_id], audio: true }),
  deactivated: (world, { user_id }) => deactivateUser(world.services.acts, world.server(), { user_id }),
  deleted: (world, { user_id }) => deleteUsers(world.services.acts, world.server(), { user_ids: [user_id] }),
};

const addressOf = (id: string): string =>
  `203.0.113.${10 + Object.keys(ACTS).findIndex((state) => idOf(state) === id)}`;
const idOf = (state: string): string => state.replaceAll(/[^a-z]/g, '-');
const isDone = (work: Promise<unknown>): Promise<'yes' | 'no'> =>
  work.then(
    () => 'yes',
    () => 'no',
  );

test('[MOD4] every row of the table has its command, and every command its row', () => {
  expect(TABLE.map(([state]) => state).filter((state) => state !== '---')).toEqual(Object.keys(ACTS));
});

for (const engine of testEngines) {
  describe(`what each act does on ${engine.name}`, () => {
    let world: World;
    beforeAll(async () => {
      world = await createWorld(engine);
    });
    afterAll(() => world.close());

    for (const [state = '', ...expected] of TABLE) {
      const act = ACTS[state];
      if (!act) continue;
      test(`[MOD4] ${state}`, async () => {
        const { acts } = world.services;
        const user_id = await world.user(idOf(state));
        const from = { address: addressOf(user_id) };
        const cid = await world.call(`default:${user_id}`);
        const other = await world.call(`default:${user_id}-other`);
        const create = (id: string) =>
          getOrCreateCall(world.services, world.as(user_id, from), {
            cid: `default:${user_id}-${id}` as CallCid,
            data: {},
          });
        await world.join(user_id, cid, from);
        await world.join(user_id, other, from);
        await create('before');
        const before = held(await world.policy(user_id, cid, from.address));
        expect(before.length).toBeGreaterThan(1);

        await act(world, { user_id, cid });

        const inCall = (await world.isIn(user_id, cid)) ? 'stays' : 'removed';
        const reads = await isDone(getCall(acts, world.as(user_id, from), { cid }));
        const capabilities = held(await world.policy(user_id, cid, from.address));
        const shown = capabilities.join() === before.join() ? 'unchanged' : capabilities.join(', ') || 'none';
        const again = await isDone(world.join(user_id, cid, from));
        const elsewhere = await isDone(world.join(user_id, other, from));
        const creates = await isDone(create('after'));
        expect([inCall, again, elsewhere, reads, creates, shown]).toEqual(expected);
      });
    }
  });
}
