import type { CallCid, RoleName } from '@callgate/contract';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createCallType } from '../call-types/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import {
  endCall,
  getCall,
  getOrCreateCall,
  goLive,
  joinCall,
  leaveCall,
  queryCalls,
  updateCall,
} from './index.ts';

const SEED = Number(process.env.CALLGATE_TEST_SEED ?? 1);
const TYPES = ['default', 'livestream', 'closed', 'members_only'] as const;

for (const engine of testEngines) {
  describe(`searching calls on ${engine.name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'bob']) await world.user(id);
    });
    afterEach(() => world.close());

    const acts = () => world.services.acts;
    const search = (id: string, input: object = {}) =>
      queryCalls(acts(), world.as(id), { limit: 100, ...input });
    const found = async (input: object) =>
      (await search('sara', input)).calls.map(({ call }) => call.id).sort();

    test('[CAL24] anonymous callers are refused', async () => {
      const caller = {
        kind: 'anonymous',
        token: { issuedAt: null, expiresAt: null, callCids: null, role: null },
      } as const;
      const asked = Promise.resolve().then(() => queryCalls(acts(), { caller, address: null }, {}));
      expect(await refusedWith(asked)).toMatchObject({ status: 403 });
    });

    test('[CAL24] a user token finds exactly the calls that it may read, page by page', async () => {
      await createCallType(acts(), world.server(), {
        name: 'closed' as never,
        grants: { user: [], call_member: [] },
      });
      const grants = { user: [], call_member: ['read-call' as const] };
      await createCallType(acts(), world.server(), { name: 'members_only' as never, grants });
      const call = fc.record({
        type: fc.constantFrom(...TYPES),
        creator: fc.constantFrom('john', 'sara'),
        member: fc.constantFrom(null, 'call_member', 'host', 'viewer'),
        blocked: fc.boolean(),
        banned: fc.constantFrom('no', 'yes', 'over', 'shadow'),
        grant: fc.constantFrom(null, 'granted', 'revoked'),
        claimed: fc.boolean(),
      });
      const calls = fc.sample(call, { numRuns: 120, seed: SEED });
      const cids: CallCid[] = [];
      for (const [index, { type, creator, member }] of calls.entries()) {
        const members = member === null ? {} : { sara: member };
        cids.push(await world.call(`${type}:c${index}`, { createdBy: creator, members }));
      }
      const sara = { user_id: 'sara' as never };
      const rows = calls.map((one, index) => ({ ...one, cid: cids[index] ?? ('' as CallCid) }));
      const of = (keep: (one: (typeof rows)[number]) => boolean) => rows.filter(keep);
      const changed = { changed_by_id: null, changed_at: 0, capability: 'read-call' } as const;
      await world.insert(
        'call_blocks',
        ...of((one) => one.blocked).map(({ cid }) => ({ cid, ...sara, blocked_by_id: null, created_at: 0 })),
      );
      for (const { cid, banned } of of((one) => one.banned !== 'no')) {
        await world.insert('bans', {
          ...{
            id: `ban-${cid}` as never,
            target_user_id: 'sara' as never,
            cid,
            banned_by_id: null,
            reason: null,
          },
          ...{ ip_ban: 0, delete_messages: null, created_at: 0, shadow: banned === 'shadow' ? 1 : 0 },
          expires_at: banned === 'over' ? 1 : null,
        });
      }
      for (const { cid, grant } of of((one) => one.grant !== null)) {
        if (grant) await world.insert('call_grants', { cid, ...sara, ...changed, state: grant });
      }
      const claims = { role: 'host' as RoleName, callCids: of((one) => one.claimed).map(({ cid }) => cid) };
      for (const token of [{}, claims]) {
        const reader = world.as('sara', { token });
        const readable = await Promise.all(
          cids.map((cid) =>
            getCall(acts(), reader, { cid }).then(
              () => cid,
              () => undefined,
            ),
          ),
        );
        const seen: CallCid[] = [];
        let next: string | undefined;
        do {
          const page = await queryCalls(acts(), reader, {
            limit: 7,
            sort: [{ field: 'cid' }],
            ...(next && { next }),
          });
          seen.push(...page.calls.map(({ call: { cid } }) => cid));
          if (page.next !== undefined) expect(page.calls).toHaveLength(7);
          next = page.next;
        } while (next !== undefined);
        expect(seen).toEqual(readable.filter((cid) => cid !== undefined).sort());
      }
      const server = await queryCalls(acts(), world.server(), { limit: 100 });
      expect(server.calls).toHaveLength(100);
    });

    test('[CAL25] calls are filtered by their fields, as replies show them', async () => {
      const make = (type: string, id: string, data: object = {}, by = 'john') =>
        getOrCreateCall(world.services, world.as(by), { cid: `${type}:${id}` as CallCid, data });
      await make('default', 'a', { custom: { colour: 'red', n: 2 }, members: [{ user_id: 'sara' }] });
      world.clock.advance(1000);
      await make(
        'default',
        'b',
        { custom: { colour: 'blue', n: 10 }, starts_at: '2026-03-01T00:00:00Z' },
        'bob',
      );
      await make('livestream', 'c', {}, 'bob');
      await make('livestream', 'd');
      await make('livestream', 'e', { settings_override: { backstage: { enabled: false } } });
      await goLive(acts(), world.as('john'), { cid: 'livestream:d' as CallCid });
      await joinCall(world.services, world.as('sara'), { cid: 'default:a' as CallCid });
      await joinCall(world.services, world.as('sara'), { cid: 'default:b' as CallCid });
      await leaveCall(acts(), world.as('sara'), { cid: 'default:b' as CallCid });
      await endCall(acts(), world.as('bob'), { cid: 'livestream:c' as CallCid });
      const cases: [object, string[]][] = [
        [{ id: 'a' }, ['a']],
        [{ cid: { $in: ['default:a', 'livestream:c'] } }, ['a', 'c']],
        [{ type: 'default' }, ['a', 'b']],
        [{ team: { $exists: true } }, []],
        [{ created_by_user_id: 'bob' }, ['b', 'c']],
        [{ created_at: { $gt: '2026-01-01T00:00:00.500Z' } }, ['b', 'c', 'd', 'e']],
        [{ starts_at: { $exists: true } }, ['b']],
        [{ ended_at: { $exists: true } }, ['c']],
        [{ backstage: true }, ['c']],
        [{ ongoing: true }, ['a']],
        [{ members: { $in: ['sara', 'nobody'] } }, ['a']],
        [{ 'custom.colour': 'red' }, ['a']],
        [{ 'custom.n': { $gt: 5 } }, ['b']],
        [{ $nor: [{ type: 'livestream' }, { id: 'a' }] }, ['b']],
      ];
      for (const [filter, ids] of cases)
        expect([filter, await found({ filter_conditions: filter })]).toEqual([filter, ids]);
      for (const { call } of (await search('sara', { filter_conditions: { backstage: true } })).calls) {
        expect(call.backstage).toBe(true);
      }
      await updateCall(acts(), world.as('john'), {
        ...{ cid: 'livestream:d' as CallCid, settings_override: { backstage: { enabled: false } } },
      });
      const wrong = search('sara', { filter_conditions: { 'custom.n': { $near: 1 } } });
      expect(await refusedWith(wrong)).toMatchObject({
        status: 400,
        fields: ['filter_conditions.custom.n.$near'],
      });
    });
  });
}
