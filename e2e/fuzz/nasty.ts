import fc from 'fast-check';

const deep = (levels: number): unknown => {
  let value: unknown = 'x';
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

/** Values that no field should trip over: wrong types, edges of numbers and texts, deep and wide structures. */
export const nastyValues: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1, 0.5, 1e308, -1e308, 5e-324],
  ...[2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 63, 1e21],
  ...['', ' ', '\n', '\u0000', 'a\u0000b', '\ud800', '\udc00x', '\ufeff', '\u202e', '💥', 'é', 'ÿ'],
  ...['x'.repeat(256), 'x'.repeat(5_000), '💥'.repeat(3_000)],
  ...['__proto__', 'constructor', 'toString', 'null', 'true', '0', '-1', '1e9', 'NaN'],
  ...['default:standup', 'default:', ':', '../../etc/passwd', '%00', `'; drop table users; --`, '{}', '$in'],
  ...['2026-02-30T00:00:00Z', '9999-12-31T23:59:60Z', '0000-01-01T00:00:00Z', '-271821-04-20T00:00:00Z'],
  ...['1.2.3.4', '::1', '::ffff:1.2.3.4', '0.0.0.0/0', '::/0', 'fe80::1%eth0', '1.2.3.4/33'],
  ...[[], {}, [[]], [null], [{}], { '': '' }, { a: null }, { $in: [] }, { $or: [] }, { $and: [{}] }],
  ...[deep(19), deep(21), deep(2_000), Array.from({ length: 2_000 }, (_, index) => index)],
  { constructor: { prototype: { admin: true } } },
  Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`k${index}`, index])),
  { $in: Array.from({ length: 1_000 }, (_, index) => `u${index}`) },
  { $gt: 1, $lt: {} },
  { 'custom.a.b.c': 1 },
];

/** A value of any shape: one of the list, or made up. */
export const nastyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...nastyValues) },
  { weight: 1, arbitrary: fc.constantFrom('y'.repeat(1_000_000)) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);

/** Header values that HTTP permits and nobody expects. */
export const oddHeaders: readonly Record<string, string>[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': '' },
  { 'content-type': 'application/json, application/json' },
  { 'content-encoding': 'gzip' },
  { 'idempotency-key': '' },
  { 'idempotency-key': 'k'.repeat(256) },
  { 'idempotency-key': 'é' },
  { 'idempotency-key': 'the-same-key-for-all' },
  { 'x-request-id': 'é'.repeat(100) },
  { 'x-request-id': 'r'.repeat(5_000) },
  { 'x-forwarded-for': '1.2.3.4, not an address, ::1' },
  { 'x-forwarded-for': ','.repeat(2_000) },
  { 'x-client-platform': '__proto__' },
  { 'stream-auth-type': 'basic' },
  { 'stream-auth-type': '' },
  { 'stream-auth-type': 'anonymous' },
  { host: 'evil.example' },
  { host: '' },
  { origin: 'null' },
  { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' },
  { accept: 'image/png' },
  { 'accept-encoding': 'br;q=9, *;q=x' },
  { cookie: 'a='.repeat(3_000) },
  { 'if-none-match': '*' },
  { range: 'bytes=0-0' },
  { 'x-http-method-override': 'DELETE' },
  { 'x-filler': 'f'.repeat(20_000) },
];

/** Parts of a path: too long, encoded oddly, of the wrong alphabet. */
export const nastyParts: readonly string[] = [
  ...['%00', '%ff', '%C0%80', '%ed%a0%80', '%2e%2e%2f', '%', '%zz', '%25', 'a%20b', 'a%2Fb', '..', '.', '*'],
  ...['!anon', '$ne', '__proto__', 'constructor', '%F0%9F%92%A5', 'x'.repeat(65), 'x'.repeat(256)],
  ...['x'.repeat(10_000), 'a:b', 'a;b', 'a=b', '-', '0', 'null', 'undefined', 'DEFAULT', 'default'],
];

/** Values of query parameters. */
export const nastyQueryValues: readonly string[] = [
  ...['', ' ', '0', '-1', '101', '1e9', 'NaN', '1.5', '0x10', 'true', 'null', '[]', '{}', '{', '"x"', '%00'],
  ...['\u0000', '💥', '__proto__', 'x'.repeat(3_000), '../..', '2026-13-01T00:00:00Z', 'ndjson', 'json'],
  ...['AAAA', 'eyJhIjoxfQ', 'eyJ2IjoxLCJrIjpbXX0', '!!!', 'W10', 'bnVsbA', 'IiI', 'x'.repeat(2_048)],
  ...['{"filter_conditions":{"$or":[{"id":"a"}]}}', '{"limit":1e99}', '{"sort":[{"field":"__proto__"}]}'],
  ...['{"filter_conditions":{"custom.a":{"$exists":"x"}}}', '{"a":1,"a":2}', `${'['.repeat(500)}`],
];
