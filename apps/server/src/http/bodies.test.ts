import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../storage/test-databases.ts';
import { createHttpWorld, type HttpWorld, type Sending } from './test/http-world.ts';

const BLOCK = '/api/v2/video/call/default/standup/block';
const [engine] = testEngines;

/** Sends text as it is and resolves with everything that came back until the server closed. */
const raw = (port: number, ...parts: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    for (const part of parts) socket.write(part);
  });

const bodyOf = (response: string) => JSON.parse(response.slice(response.indexOf('\r\n\r\n') + 4));

describe('bodies', () => {
  let world: HttpWorld;
  beforeAll(async () => {
    if (!engine) throw new Error('no engine');
    world = await createHttpWorld(engine, {
      env: {
        CALLGATE_BODY_LIMIT_BYTES: '65536',
        CALLGATE_REQUEST_TIMEOUT_MS: '400',
        CALLGATE_HEADERS_TIMEOUT_MS: '300',
        CALLGATE_HEADER_LIMIT_BYTES: '8192',
      },
    });
  });
  afterAll(() => world.close());

  const post = (sending: Sending) => world.call('POST', BLOCK, sending);

  test('[HTP6] another or no content type is 415', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']) {
      const reply = await post({ raw: '{"user_id":"sara"}', headers: { 'Content-Type': type } });
      expect([type, reply.status, reply.json.code]).toEqual([type, 415, 4]);
    }
    const reply = await post({
      raw: '{"user_id":"sara"}',
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
    });
    expect(reply.status).toBe(404);
  });

  test.each([
    ['{"user_id":"sara",}', 'character 18'],
    ['{"user_id":sara}', 'character 11'],
    ['{"user_id":"sara"', 'character 17'],
    ['nonsense', 'character 0'],
    ['{"user_id":"a\tb"}', 'character'],
    ['// no\n{}', 'character 0'],
  ])('[HTP7] %j is 400 and names the place', async (text, place) => {
    const reply = await post({ raw: text });
    expect([reply.status, reply.json.code]).toEqual([400, 4]);
    expect(reply.json.message).toContain(place);
    expect(reply.json.exception_fields).toHaveProperty('body');
  });

  test.each([
    ['{"user_id":"sara","user_id":"john"}', 'user_id'],
    ['{"a":{"b":[1,{"c":1,"\\u0063":2}]}}', 'a.b.1.c'],
    ['{"a":{"__proto__":{"admin":true}}}', 'a.__proto__'],
    ['{"\\u005f_proto__":1}', '__proto__'],
    [`${'{"a":'.repeat(21)}1${'}'.repeat(21)}`, Array(20).fill('a').join('.')],
    [`${'['.repeat(30_000)}`, Array(20).fill('0').join('.')],
  ])('[HTP8] %.40s is 400 naming the path', async (text, path) => {
    const reply = await post({ raw: text });
    expect([reply.status, reply.json.code]).toEqual([400, 4]);
    expect(Object.keys(reply.json.exception_fields ?? {})).toEqual([path]);
  });

  test('[HTP8] quotes and braces within texts are no structure', async () => {
    const reply = await post({ raw: `{"user_id":"${'['.repeat(40)}\\"{\\\\"}` });
    expect(reply.json.exception_fields).toHaveProperty('user_id');
    expect(Object.keys(reply.json.exception_fields ?? {})).toEqual(['user_id']);
  });

  test.each([
    '{"user_id":"a\\u0000b"}',
    '{"user_id":"\\ud800"}',
    '{"x":{"y":["\\udc00\\ud800"]}}',
    '{"\\ud800":1}',
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  ])('[HTP9] NUL, half a surrogate pair and bytes that are no UTF-8 are 400 (%#)', async (text) => {
    const reply = await post({ raw: text });
    expect([reply.status, reply.json.code]).toEqual([400, 4]);
  });

  test('[HTP9] a NUL in the path or the query is 400', async () => {
    const inPath = await world.call('GET', '/api/v2/video/call/default/a%00b');
    const inQuery = await world.call('GET', '/api/v2/users', {
      query: { payload: '{"limit":1}', 'x\0': '1' },
    });
    expect([inPath.status, inQuery.status]).toEqual([400, 400]);
  });

  test('[HTP10] a body over the limit is 413, chunked or not', async () => {
    const big = JSON.stringify({ user_id: 'x'.repeat(70_000) });
    const reply = await post({ raw: big });
    expect([reply.status, reply.json.code]).toEqual([413, 22]);
    const chunked = await raw(
      world.port,
      `POST ${BLOCK}?api_key=test-key HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: ${world.serverToken()}\r\n` +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      `${(70_000).toString(16)}\r\n${'x'.repeat(70_000)}\r\n0\r\n\r\n`,
    );
    expect(chunked).toMatch(/^HTTP\/1.1 413 /);
  });

  test('[HTP11] a body with GET is 400', async () => {
    const reply = await world.call('GET', '/api/v2/app', { body: { a: 1 } });
    expect([reply.status, reply.json.code]).toEqual([400, 4]);
    expect(reply.json.exception_fields).toHaveProperty('body');
    const without = await world.call('GET', '/api/v2/app');
    expect(without.status).toBe(200);
  });

  test('[HTP12] several wrong fields are named by their paths', async () => {
    const reply = await world.call('POST', '/api/v2/users', {
      body: { users: { sara: { id: 5, nonsense: 1 }, john: { id: 'john', name: 7 } }, extra: true },
    });
    expect(reply.status).toBe(400);
    expect(Object.keys(reply.json.exception_fields ?? {}).sort()).toEqual([
      'extra',
      'users.john.name',
      'users.sara.id',
      'users.sara.nonsense',
    ]);
  });

  test('[HTP13] a head over the limit is 431 with the documented body', async () => {
    const text = await raw(
      world.port,
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(10_000)}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 431 /);
    expect(bodyOf(text)).toMatchObject({ code: 24, StatusCode: 431, details: [] });
  });

  test('[HTP13] what is no HTTP is 400 with the documented body', async () => {
    const text = await raw(world.port, 'NONSENSE\r\n\r\n');
    expect(bodyOf(text)).toMatchObject({ code: 4, StatusCode: 400 });
    expect(text).toMatch(/X-Request-Id: /i);
  });

  test('[HTP14] a body that does not arrive in time is 408', async () => {
    const text = await raw(
      world.port,
      `POST ${BLOCK}?api_key=test-key HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${world.serverToken()}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user',
    );
    expect(bodyOf(text)).toMatchObject({ code: 23, StatusCode: 408 });
  });

  test('[HTP14] a head that does not arrive in time is 408', async () => {
    const text = await raw(world.port, 'GET /healthz HTTP/1.1\r\nHost: local');
    expect(bodyOf(text)).toMatchObject({ code: 23, StatusCode: 408 });
  });
});
