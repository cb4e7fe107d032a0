import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { signToken } from '../harness/index.ts';

const base64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Tokens that must be refused, each wrong in one way. `user` exists. */
export function wrongTokens(secret: string, user: string): Record<string, string> {
  const now = Math.floor(Date.now() / 1000);
  const good = signToken(secret, { user_id: user, iat: now });
  const [head = '', claims = '', signature = ''] = good.split('.');
  const hmac = (text: string, algorithm: string) =>
    `${text}.${createHmac(algorithm, secret).update(text).digest('base64url')}`;
  const withHeader = (header: object) => signToken(secret, { user_id: user }, header);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsaText = `${base64({ alg: 'RS256', typ: 'JWT' })}.${claims}`;
  return {
    'no token': '',
    'a word': 'hello',
    'a scheme without a token': 'Bearer ',
    'another scheme': `Basic ${base64('user:password')}`,
    'two parts': `${head}.${claims}`,
    'four parts': `${good}.x`,
    'dots only': '..',
    'no signature': `${head}.${claims}.`,
    'half a signature': `${head}.${claims}.${signature.slice(0, 20)}`,
    'a changed signature': `${head}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    'changed claims': `${head}.${base64({ user_id: user, iat: now, server: true })}.${signature}`,
    'another secret': signToken(`${secret}x`, { user_id: user, iat: now }),
    'an empty secret': signToken('', { user_id: user, iat: now }),
    'alg none': `${base64({ alg: 'none', typ: 'JWT' })}.${claims}.`,
    'alg None signed': withHeader({ alg: 'None', typ: 'JWT' }),
    'no alg': withHeader({ typ: 'JWT' }),
    'alg HS384': hmac(`${base64({ alg: 'HS384', typ: 'JWT' })}.${claims}`, 'sha384'),
    'alg HS512': hmac(`${base64({ alg: 'HS512', typ: 'JWT' })}.${claims}`, 'sha512'),
    'alg RS256': `${rsaText}.${signWith('sha256', Buffer.from(rsaText), privateKey).toString('base64url')}`,
    'RS256 said, HS256 done': withHeader({ alg: 'RS256', typ: 'JWT' }),
    'a header that is a list': hmac(`${base64([])}.${claims}`, 'sha256'),
    'a header that is no JSON': hmac(`${base64('{')}.${claims}`, 'sha256'),
    'claims that are no JSON': hmac(`${head}.${base64('{')}`, 'sha256'),
    'claims that are a list': hmac(`${head}.${base64([])}`, 'sha256'),
    'claims that are null': hmac(`${head}.${base64('null')}`, 'sha256'),
    'no claims': signToken(secret, {}),
    'neither server nor user': signToken(secret, { iat: now }),
    'server and user': signToken(secret, { server: true, user_id: user }),
    'server as a text': signToken(secret, { server: 'true' }),
    'server as a number': signToken(secret, { server: 1 }),
    'server false': signToken(secret, { server: false }),
    'a user id that is a number': signToken(secret, { user_id: 1 }),
    'a user id that is null': signToken(secret, { user_id: null }),
    'a user id that is empty': signToken(secret, { user_id: '' }),
    'a user id with NUL': signToken(secret, { user_id: `${user}\u0000` }),
    'a user id that is too long': signToken(secret, { user_id: 'u'.repeat(256) }),
    'a user id that is a list': signToken(secret, { user_id: [user] }),
    expired: signToken(secret, { user_id: user, exp: now - 1 }),
    'expired in 1970': signToken(secret, { user_id: user, exp: 0 }),
    'not valid yet': signToken(secret, { user_id: user, nbf: now + 3_600 }),
    'issued in the future': signToken(secret, { user_id: user, iat: now + 3_600 }),
    'iat as a text': signToken(secret, { user_id: user, iat: String(now) }),
    'exp as a text': signToken(secret, { user_id: user, exp: 'never' }),
    'exp beyond all times': signToken(secret, { user_id: user, exp: 1e300 }),
    'exp below zero': signToken(secret, { user_id: user, exp: -1 }),
    'nbf as an object': signToken(secret, { user_id: user, nbf: {} }),
    'call_cids that are no list': signToken(secret, { user_id: user, call_cids: 'default:standup' }),
    'call_cids of another form': signToken(secret, { user_id: user, call_cids: ['standup'] }),
    'too many call_cids': signToken(secret, { user_id: user, call_cids: Array(101).fill('a:b') }),
    'a role that is an object': signToken(secret, { user_id: user, role: {} }),
    'a token of 9 KB': signToken(secret, { user_id: user, padding: 'p'.repeat(7_000) }),
    'padding and pluses': `${good.replaceAll('-', '+').replaceAll('_', '/')}==`,
  };
}
