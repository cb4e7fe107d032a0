import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../kernel/errors.ts';
import { readServiceToken, type ServiceKey, serviceRules } from './service-tokens.ts';

const NOW = Date.UTC(2026, 0, 1);
const BOTS: ServiceKey = {
  ...{ key: 'bots', secret: 'the-secret-of-the-bots', kinds: ['agent', 'sip'], publishes: true },
};
const RULES = serviceRules([BOTS], ['egress']);
const VIDEO = { room: 'default:standup', roomJoin: true };

/** By hand: no library signs what is wrong. */
const sign = (claims: object, secret = BOTS.secret): string => {
  const payload = {
    ...{ iss: 'bots', sub: 'bot', kind: 'agent', nbf: NOW / 1000, exp: NOW / 1000 + 600, video: VIDEO },
    ...claims,
  };
  const signed = [{ alg: 'HS256', typ: 'JWT' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};
const read = (token: string) => readServiceToken(RULES, token, NOW);
const refusedAs = (token: string): unknown[] => {
  try {
    read(token);
  } catch (error) {
    if (error instanceof ApiError) return [error.kind, error.details[0]];
  }
  throw new Error('was read');
};

const sessionRead = (token: string): string => {
  try {
    return read(token)?.sessionId ?? 'refused';
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    return 'refused';
  }
};

describe('tokens of services', () => {
  it('[SVC1] one that is not signed with the secret of its key, or cannot be read, is refused', () => {
    expect(refusedAs(sign({}, 'another-secret-of-nobody'))).toEqual(['token_signature_invalid', undefined]);
    const [head, body] = sign({}).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const bad of [`${none}.${body}.`, `${head}.${body}.`])
      expect(['authentication', 'token_signature_invalid']).toContain(refusedAs(bad)[0]);
  });

  it('[SVC1] a token of nobody that is known here is left to others', () => {
    for (const other of [
      '',
      'nonsense',
      'a.b.c',
      sign({ iss: 'nobody' }),
      sign({ iss: 7 }),
      'x'.repeat(5_000),
    ])
      expect(read(other)).toBeUndefined();
  });

  it('[SVC1] one that is over, has no end, begins later or names no call is refused', () => {
    expect(refusedAs(sign({ exp: NOW / 1000 }))[0]).toBe('token_expired');
    for (const claims of [
      { exp: undefined },
      { exp: 'never' },
      { nbf: NOW / 1000 + 61 },
      { nbf: 'soon' },
      { sub: '' },
      { sub: 7 },
      { video: undefined },
      { video: { ...VIDEO, roomJoin: false } },
      { video: { ...VIDEO, room: '' } },
      { video: { ...VIDEO, room: 'no call' } },
    ])
      expect(refusedAs(sign(claims))[0], JSON.stringify(claims)).toBe('authentication');
    expect(read(sign({ nbf: NOW / 1000 + 60 }))).toBeDefined();
  });

  it('[SVC2] a kind that its key is not good for is refused, and no kind at all', () => {
    for (const kind of ['egress', 'standard', '', undefined, 7, 'toString'])
      expect(refusedAs(sign({ kind }))).toEqual(['not_allowed', { reason: 'service_kind' }]);
    expect(read(sign({ kind: 'SIP' }))?.service.kind).toBe('sip');
  });

  it('[SVC5] what a token asks for is read in the words of the media protocol', () => {
    const asked = (grant: object) => read(sign({ video: { ...VIDEO, ...grant } }))?.service.grants;
    const all = ['audio', 'video', 'screenshare', 'screenshare_audio'];
    expect(asked({})).toEqual({ kinds: expect.arrayContaining(all), sendsData: true, receives: true });
    expect(asked({ canPublishSources: [] })?.kinds).toHaveLength(4);
    expect(asked({ canPublishSources: ['microphone', 'SCREEN_SHARE', 'unknown'] })?.kinds).toEqual([
      'audio',
      'screenshare',
    ]);
    for (const canPublishSources of [['unknown'], 'camera', { 0: 'camera' }])
      expect(asked({ canPublishSources })?.kinds).toEqual([]);
    expect(asked({ canPublish: false })).toEqual({ kinds: [], sendsData: false, receives: true });
    expect(asked({ canPublish: false, canPublishData: true })?.sendsData).toBe(true);
    expect(asked({ canPublish: 'yes', canSubscribe: 'yes', canPublishData: 'yes' })).toEqual({
      ...{ kinds: [], sendsData: false, receives: false },
    });
    expect(read(sign({ video: { ...VIDEO, hidden: true } }))?.service.isHidden).toBe(true);
  });

  it('[SVC6] a token names one session, however its signature is spelt; another token another', () => {
    const token = sign({});
    const session = read(token)?.sessionId;
    expect(read(token)?.sessionId).toBe(session);
    expect(read(sign({ exp: NOW / 1000 + 601 }))?.sessionId).not.toBe(session);
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map(
      (last) => token.slice(0, -1) + last,
    );
    for (const spelt of [...spellings, `${token}=`, `${token} `]) {
      const found = sessionRead(spelt);
      if (found !== 'refused') expect(found).toBe(session);
    }
  });

  it('[SVC4] no service has the name of a person at the media server', () => {
    const { identity = '' } = read(sign({ sub: 'sara#1' })) ?? {};
    expect(identity).toMatch(/^agent:sara#1#[0-9a-f-]{36}$/);
    expect(read(sign({ sub: 'x'.repeat(2_000) }))?.identity.length).toBeLessThan(256);
  });
});
