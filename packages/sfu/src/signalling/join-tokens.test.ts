import { ParticipantInfo_Kind, ParticipantPermission, TrackSource } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { describe, expect, test } from 'vitest';
import type { JoinGrants } from '../rooms/state.ts';
import { createJoinTokens } from './join-tokens.ts';

const KEYS = new Map([
  ['one', 'a-secret-that-is-long-enough-for-it'],
  ['two', 'another-secret-that-is-long-enough-too'],
]);
const NOW_MS = Date.now();
const tokens = createJoinTokens(KEYS, { now: () => NOW_MS, monotonic: () => 0 });
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

const GRANTS: JoinGrants = {
  identity: 'sara',
  room: 'room',
  name: 'Sara',
  metadata: 'm',
  attributes: { a: 'b' },
  kind: ParticipantInfo_Kind.AGENT,
  permission: new ParticipantPermission({ canPublish: true, canPublishSources: [TrackSource.CAMERA] }),
  expiresAt: 0,
};

describe('tokens of joins', () => {
  test('[SFR39] one that joins no room lets nobody in', async () => {
    for (const [identity, grant] of [
      ['sara', { roomJoin: false, room: 'room' }],
      ['sara', { roomJoin: true }],
      ['sara', { roomAdmin: true, room: 'room' }],
    ] as const) {
      const token = new AccessToken('one', KEYS.get('one'), { identity });
      token.addGrant(grant);
      const text = await token.toJwt();
      expect(() => tokens.read(text)).toThrow('it joins no room');
    }
    expect(() => tokens.read('forged')).toThrow();
  });

  test('[SFR39] a refreshed one says what holds now, and is read back alike', () => {
    const token = tokens.refresh(GRANTS);
    const { permission, ...rest } = tokens.read(token);
    const { permission: given, ...held } = GRANTS;
    expect(rest).toMatchObject({ ...held, expiresAt: Math.floor(NOW_MS / 1000) + 600 });
    expect(permission.toJson()).toEqual(given.toJson());
    expect(Object.keys(claimsOf(token)).sort()).toEqual(
      ['attributes', 'exp', 'iss', 'kind', 'metadata', 'name', 'nbf', 'sub', 'video'].sort(),
    );
  });

  test('[SFR39] it is good for ten minutes, or for what is left', () => {
    const now = Math.floor(NOW_MS / 1000);
    for (const [leftS, ttlS] of [
      [30, 600],
      [7_200, 7_200],
    ] as const) {
      const { exp } = claimsOf(tokens.refresh({ ...GRANTS, expiresAt: now + leftS }));
      expect(Math.abs(Number(exp) - now - ttlS)).toBeLessThanOrEqual(1);
    }
  });

  test('[SFR39] a list of sources without a word never becomes all sources', () => {
    const canPublishSources = [TrackSource.UNKNOWN];
    const permission = new ParticipantPermission({ canPublish: true, canPublishSources });
    expect(tokens.read(tokens.refresh({ ...GRANTS, permission })).permission.canPublish).toBe(false);
  });

  test('[SFR39] any of the keys signs', () => {
    const signers = Array.from({ length: 60 }, () => claimsOf(tokens.refresh(GRANTS)).iss);
    expect(new Set(signers)).toEqual(new Set(['one', 'two']));
  });
});
