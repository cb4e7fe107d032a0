import { createHmac } from 'node:crypto';
import { ParticipantInfo_Kind, TrackSource } from '@livekit/protocol';
import fc from 'fast-check';
import { AccessToken } from 'livekit-server-sdk';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { accessTokenVerifier, signToken, TokenRefused } from './access-token.ts';

const SECRET = 'secret-that-is-long-enough-for-hs256';
const OTHER = 'other-secret-that-is-long-enough-too';
const NOW_S = 1_800_000_000;
const verify = accessTokenVerifier(
  new Map([
    ['key', SECRET],
    ['other', OTHER],
  ]),
);
const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
/** By hand: libraries sign no claims that are wrong. */
const signed = (claims: object, secret = SECRET, alg: 'HS256' | 'HS512' = 'HS256'): string => {
  const input = `${encoded({ alg })}.${encoded({ iss: 'key', exp: NOW_S + 60, ...claims })}`;
  const hash = alg === 'HS256' ? 'sha256' : 'sha512';
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
};
const read = (token: string) => verify(token, NOW_S * 1000);
const refused = (token: string): string => {
  try {
    read(token);
  } catch (error) {
    if (error instanceof TokenRefused) return error.message;
    throw error;
  }
  return 'taken';
};

describe('access tokens', () => {
  test('[SFW10] forged and foreign ones are refused', () => {
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${signed({}).split('.')[1]}.`;
    for (const token of ['', 'x', 'a.b.c', none, signed({}, OTHER), signed({}, SECRET, 'HS512')])
      expect(refused(token), token).toMatch(/not a JSON Web Token signed by HS256/);
    for (const iss of ['stranger', 7, '__proto__', undefined])
      expect(refused(signed({ iss }))).toBe('token names no key of this server in iss');
    expect(refused(signed({ metadata: 'x'.repeat(16_384) }))).toMatch(/longer than 16384/);
    expect(refused(signed({}))).toBe('taken');
    expect(refused(signed({ iss: 'other' }, OTHER))).toBe('taken');
  });

  test('[SFW11] it counts from nbf to exp, with a minute of leeway, and has an end', () => {
    expect(refused(signed({ exp: undefined }))).toBe('token has no exp');
    expect(refused(signed({ exp: NOW_S - 60 }))).toBe('token has expired');
    expect(refused(signed({ exp: NOW_S - 59 }))).toBe('taken');
    expect(refused(signed({ nbf: NOW_S + 61 }))).toMatch(/not valid yet/);
    expect(refused(signed({ nbf: NOW_S + 60 }))).toBe('taken');
    expect(refused(signed({ iat: NOW_S + 61 }))).toMatch(/in the future/);
    for (const name of ['exp', 'nbf', 'iat'])
      expect(refused(signed({ [name]: '1' }))).toBe(`${name} must be a number`);
  });

  test('[SFW12] a claim of another type refuses the token, and names itself', () => {
    const wrong: [object, RegExp][] = [
      [{ video: 1 }, /^video must/],
      [{ video: [] }, /^video must/],
      [{ video: { roomAdmin: 'true' } }, /^video.roomAdmin must/],
      [{ video: { canPublish: 1 } }, /^video.canPublish must/],
      [{ video: { room: 7 } }, /^room must/],
      [{ video: { canPublishSources: 'camera' } }, /^video.canPublishSources must/],
      [{ video: { canPublishSources: ['CAMERA'] } }, /unknown source/],
      [{ sub: 1 }, /^sub must/],
      [{ sub: 'x'.repeat(257) }, /^sub is longer than 256/],
      [{ attributes: { a: 1 } }, /^attributes must/],
    ];
    for (const [claims, reason] of wrong) expect(refused(signed(claims))).toMatch(reason);
  });

  test('[SFW12] what is not said about publishing, subscribing and data is allowed, all sources with an empty list', () => {
    const { permission, ...claims } = read(signed({ sub: 'sara', video: { room: 'a', roomJoin: true } }));
    expect(claims).toMatchObject({ identity: 'sara', room: 'a', roomJoin: true, roomAdmin: false });
    expect(permission).toMatchObject({ canPublish: true, canSubscribe: true, canPublishData: true });
    expect(permission).toMatchObject({ canPublishSources: [], hidden: false, canUpdateMetadata: false });
    const no = { canPublish: false, canSubscribe: false, canPublishData: false };
    expect(read(signed({ video: { ...no, hidden: true } })).permission).toMatchObject({
      ...no,
      hidden: true,
    });
  });

  test('[SFW12] a token of the server SDK is read whole', async () => {
    const token = new AccessToken('key', SECRET, {
      identity: 'sara',
      name: 'Sara',
      metadata: 'm',
      attributes: { a: 'b' },
    });
    token.kind = 'agent';
    const canPublishSources = [TrackSource.MICROPHONE, TrackSource.SCREEN_SHARE_AUDIO];
    token.addGrant({ roomJoin: true, room: 'r', canPublishSources, canUpdateOwnMetadata: true });
    const claims = verify(await token.toJwt(), Date.now());
    expect(claims).toMatchObject({
      identity: 'sara',
      name: 'Sara',
      metadata: 'm',
      attributes: { a: 'b' },
      room: 'r',
    });
    expect(claims.kind).toBe(ParticipantInfo_Kind.AGENT);
    expect(claims.permission).toMatchObject({ canPublishSources, canUpdateMetadata: true });
  });

  test('[SFW11] what we sign is taken until its end', () => {
    const token = signToken(['key', SECRET], { sub: 'sara' }, { nowMs: NOW_S * 1000, ttlS: 600 });
    expect(read(token).identity).toBe('sara');
    expect(() => verify(token, (NOW_S + 660) * 1000)).toThrow('expired');
  });

  test(
    '[SFW13] no text and no claims make the reader throw anything but a refusal',
    () => {
      const claims = fc.dictionary(
        fc.constantFrom('iss', 'exp', 'nbf', 'sub', 'video', 'attributes', 'kind', 'name', '__proto__'),
        fc.oneof(fc.constant('key'), fc.constant(NOW_S), fc.jsonValue({ maxDepth: 1 })),
      );
      const token = fc.oneof(
        fc.string({ unit: 'binary' }),
        claims.map((one) => signed(one)),
      );
      const judge = (one: string): boolean => refused(one) !== '';
      // The library writes the stack of each refusal, which the test runner maps to our sources: most of the time.
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0;
      try {
        fc.assert(fc.property(token, judge), { numRuns: testCounts().sfuFrames, seed: testSeed() });
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    },
    60 * 60_000,
  );
});
