import type { CallCid, RoleName, UserId } from '@callgate/contract';
import { createVerifier } from 'fast-jwt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { createWorld, refusedWith, WORLD_START, type World } from '../test/world.ts';
import { deleteUsers } from './delete-users.ts';
import { registerUser } from './register-user.ts';
import { signServerToken, signUserToken } from './token.ts';
import { updateUsersPartial } from './update-users-partial.ts';

const SARA = 'sara' as UserId;
const timeOf = (ms: number) => new Date(ms).toISOString();

describe('making tokens', () => {
  const verify = createVerifier({ key: 'secret', algorithms: ['HS256'], ignoreExpiration: true });

  it('[TOK1] the same claims make the same token', () => {
    const claims = {
      userId: SARA,
      issuedAt: 1_999,
      expiresAt: 5_999,
      callCids: ['default:one' as CallCid],
      role: 'host' as RoleName,
    };
    const token = signUserToken('secret', claims);
    expect(signUserToken('secret', claims)).toBe(token);
    expect(verify(token)).toEqual({
      user_id: 'sara',
      iat: 1,
      exp: 5,
      call_cids: ['default:one'],
      role: 'host',
    });
    expect(verify(signUserToken('secret', { userId: SARA, issuedAt: 0 }))).toEqual({
      user_id: 'sara',
      iat: 0,
    });
    expect(verify(signServerToken('secret', 2_500))).toEqual({ server: true, iat: 2 });
    expect(() => verify(signServerToken('another', 0))).toThrow();
  });
});

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('sara');
      cid = await world.call('default:one');
    });
    afterEach(() => world.close());

    const revokeUser = (before: number | null) =>
      updateUsersPartial(world.services.acts, world.server(), {
        users: [{ id: SARA, set: { revoke_tokens_issued_before: before === null ? null : timeOf(before) } }],
      });
    const revokeApp = (before: number | null) =>
      updateApp(world.services.acts, world.server(), {
        revoke_tokens_issued_before: before === null ? null : timeOf(before),
      });
    /** The refusal of a token issued then. */
    const refusalAt = (issuedAt: number | null) =>
      world.services.database.read(async (snapshot) => {
        const token = { issuedAt, callCids: null, role: null };
        const policy = await world.services.policy.inCall(
          snapshot,
          { userId: SARA, token, address: null },
          cid,
        );
        return policy.joinRefusal;
      });

    it.each([
      ['user', (at: number | null) => revokeUser(at)],
      ['application', (at: number | null) => revokeApp(at)],
    ])('[TOK2] [TOK3] a date of the %s refuses older tokens until it is cleared', async (_, revoke) => {
      await revoke(WORLD_START);
      expect(await refusalAt(WORLD_START - 1)).toBe('token_revoked');
      expect(await refusalAt(null)).toBe('token_revoked');
      expect(await refusalAt(WORLD_START)).toBeNull();
      await revoke(null);
      expect(await refusalAt(WORLD_START - 1)).toBeNull();
      expect(await refusalAt(null)).toBeNull();
    });

    it('[TOK2] the later of the two dates counts', async () => {
      await revokeUser(WORLD_START + 1000);
      await revokeApp(WORLD_START + 2000);
      expect(await refusalAt(WORLD_START + 1500)).toBe('token_revoked');
      await revokeUser(WORLD_START + 3000);
      expect(await refusalAt(WORLD_START + 2500)).toBe('token_revoked');
      expect(await refusalAt(WORLD_START + 3000)).toBeNull();
    });

    it.each([
      ['user', () => revokeUser(WORLD_START + 1)],
      ['application', () => revokeApp(WORLD_START + 1)],
    ])('[TOK4] [APP7] a date of the %s removes sessions of older tokens at once', async (_, revoke) => {
      await world.join('sara', cid);
      const { enforcement } = await revoke();
      expect(enforcement).toMatchObject({ sessions: 1 });
      expect(await world.isIn('sara', cid)).toBe(false);
    });

    const register = (id: string) =>
      registerUser(world.services.acts, { requestId: 'first', address: null }, id as UserId);

    it('[TOK5] reserved ids, and everybody with multi-tenancy on, are made by servers', async () => {
      for (const id of ['guest-1', 'anonymous-1']) {
        expect(await refusedWith(register(id))).toMatchObject({ status: 403 });
      }
      await updateApp(world.services.acts, world.server(), { multi_tenant_enabled: true });
      expect(await refusedWith(register('new'))).toMatchObject({ status: 403 });
      expect((await world.rows('users')).map((row) => row.id)).toEqual(['sara']);
    });

    it('[TOK5] ten first requests at once make one user', async () => {
      await Promise.all(Array.from({ length: 10 }, () => register('new')));
      const row = (await world.rows('users')).find(({ id }) => id === 'new');
      expect(row).toMatchObject({ role: 'user', name: null });
      expect(await world.traces()).toEqual({ audits: 1, events: 1 });
      const [audit] = await world.audits();
      expect(audit).toMatchObject({ action: 'user.create', actor_id: 'new', target_id: 'new' });
    });

    it('[TOK6] a deleted user is not brought back', async () => {
      await deleteUsers(world.services.acts, world.server(), { user_ids: [SARA] });
      const traces = await world.traces();
      await register('sara');
      expect(await world.traces()).toEqual(traces);
      expect((await world.policy('sara', cid)).joinRefusal).toBe('deleted');
    });
  });
}
