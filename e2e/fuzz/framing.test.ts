import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, serverEngines } from '../harness/index.ts';

/** What a client may take to send, in milliseconds: the slow ones below are then cut off. */
const TIMEOUTS = { CALLGATE_REQUEST_TIMEOUT_MS: '1000', CALLGATE_HEADERS_TIMEOUT_MS: '800' };
const WITHIN_MS = 5_000;

interface Attack {
  name: string;
  /** Pieces with a pause after each, in milliseconds, while the connection stays. */
  pieces(target: string, token: string): (string | Buffer)[];
  pauseMs?: number;
  /** The client closes its side after the last piece. */
  ends?: true;
}

const head = (target: string, token: string, ...more: string[]): string =>
  [
    `POST /api/v2/video/call/default/standup/block?api_key=${target} HTTP/1.1`,
    'Host: localhost',
    `Authorization: ${token}`,
    'Content-Type: application/json',
    ...more,
    '',
    '',
  ].join('\r\n');
const BODY = '{"user_id":"noor"}';

/** Requests that are no HTTP, stop half way, or come drop by drop. None of them may act. */
const ATTACKS: Attack[] = [
  { name: 'noise', pieces: () => [Buffer.from([0, 1, 2, 255, 254, 13, 10, 13, 10])] },
  { name: 'TLS', pieces: () => [Buffer.from('160301020001000001fc0303', 'hex')], ends: true },
  { name: 'HTTP/0.9', pieces: () => ['GET /\r\n'], ends: true },
  { name: 'HTTP/2 preface', pieces: () => ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'] },
  { name: 'no host', pieces: () => ['GET /api/v2/app HTTP/1.1\r\n\r\n'] },
  { name: 'two hosts', pieces: () => ['GET /api/v2/app HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'] },
  {
    name: 'an absolute target',
    pieces: () => ['GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  },
  {
    name: 'a target of 100 KB',
    pieces: () => [`GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  },
  { name: 'a target with NUL', pieces: () => ['GET /api\u0000 HTTP/1.1\r\nHost: localhost\r\n\r\n'] },
  { name: 'CONNECT', pieces: () => ['CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n'] },
  {
    name: 'an unknown expectation',
    pieces: (key, token) => [
      head(`${key}x`, token, 'Expect: the-moon', `Content-Length: ${BODY.length}`) + BODY,
    ],
  },
  {
    name: 'an upgrade',
    pieces: (key, token) => [
      head(key, token, 'Connection: Upgrade', 'Upgrade: websocket', `Content-Length: 0`),
    ],
  },
  {
    name: '5,000 headers',
    pieces: (key, token) => [head(key, token, ...Array.from({ length: 5_000 }, (_, n) => `x-${n}: y`))],
  },
  {
    name: 'a header with NUL',
    pieces: (key, token) => [head(key, token, 'x-a: b\u0000c', `Content-Length: ${BODY.length}`) + BODY],
  },
  {
    name: 'a folded header',
    pieces: (key, token) => [head(key, token, 'x-a: b', '\tc', `Content-Length: ${BODY.length}`) + BODY],
  },
  {
    name: 'a space before the colon',
    pieces: (key, token) => [head(key, token, `Content-Length : ${BODY.length}`) + BODY],
  },
  { name: 'a negative length', pieces: (key, token) => [head(key, token, 'Content-Length: -1') + BODY] },
  {
    name: 'a length that is no number',
    pieces: (key, token) => [head(key, token, 'Content-Length: many') + BODY],
  },
  {
    name: 'two lengths',
    pieces: (key, token) => [head(key, token, 'Content-Length: 18', 'Content-Length: 5') + BODY],
  },
  {
    name: 'a length and chunks',
    pieces: (key, token) => [
      `${head(key, token, 'Content-Length: 18', 'Transfer-Encoding: chunked')}12\r\n${BODY}\r\n0\r\n\r\n`,
    ],
  },
  {
    name: 'an unknown transfer',
    pieces: (key, token) => [head(key, token, 'Transfer-Encoding: zip') + BODY],
  },
  {
    name: 'chunks of no size',
    pieces: (key, token) => [`${head(key, token, 'Transfer-Encoding: chunked')}zz\r\n${BODY}\r\n`],
  },
  {
    name: 'a chunk of all bytes',
    pieces: (key, token) => [`${head(key, token, 'Transfer-Encoding: chunked')}ffffffffffffffff\r\n${BODY}`],
  },
  {
    name: 'long chunk extensions',
    pieces: (key, token) => [
      `${head(key, token, 'Transfer-Encoding: chunked')}1;${'e'.repeat(20_000)}\r\n{\r\n`,
    ],
  },
  {
    name: 'chunks beyond the limit',
    pieces: (key, token) => [
      `${head(key, token, 'Transfer-Encoding: chunked')}150000\r\n${' '.repeat(0x150000)}\r\n0\r\n\r\n`,
    ],
  },
  { name: 'a promise of 2 GB', pieces: (key, token) => [head(key, token, 'Content-Length: 2147483648')] },
  {
    name: 'half a body, then gone',
    pieces: (key, token) => [head(key, token, `Content-Length: ${BODY.length}`) + BODY.slice(0, 9)],
    ends: true,
  },
  {
    name: 'half a body, then silence',
    pieces: (key, token) => [head(key, token, `Content-Length: ${BODY.length}`) + BODY.slice(0, 9)],
  },
  { name: 'half a head, then gone', pieces: (key, token) => [head(key, token).slice(0, 60)], ends: true },
  { name: 'half a head, then silence', pieces: (key, token) => [head(key, token).slice(0, 60)] },
  { name: 'a head drop by drop', pieces: (key, token) => [...head(key, token).slice(0, 40)], pauseMs: 100 },
  {
    name: 'a body drop by drop',
    pieces: (key, token) => [head(key, token, 'Content-Length: 18'), ...BODY],
    pauseMs: 150,
  },
  {
    name: 'a body shorter than it says, then another request',
    pieces: (key, token) => [`${head(key, token, 'Content-Length: 400')}${BODY}GET / HTTP/1.1\r\n\r\n`],
  },
  { name: 'silence', pieces: () => [] },
];

/** Everything that came until the server closed the connection; rejects when it does not in time. */
function run(server: RunningServer, attack: Attack): Promise<string> {
  return new Promise((done, failed) => {
    const socket = connect(Number(new URL(server.baseUrl).port), '127.0.0.1');
    const pieces = attack.pieces(server.apiKey, server.serverToken);
    let received = '';
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      clearTimeout(patience);
      socket.destroy();
      done(received);
    };
    const patience = setTimeout(() => {
      socket.destroy();
      // A connection on which nothing was asked may stay open; one with an answer was dealt with.
      if (received !== '' || pieces.length === 0) finish();
      else failed(new Error(`${attack.name}: neither an answer nor a closed connection in ${WITHIN_MS} ms`));
    }, WITHIN_MS);
    const sendNext = () => {
      const piece = pieces.shift();
      if (piece === undefined) {
        if (attack.ends) socket.end();
        return;
      }
      socket.write(piece);
      timer = setTimeout(sendNext, attack.pauseMs ?? 0);
    };
    socket.on('connect', sendNext);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', finish);
  });
}

/** The error reply in what came, checked for the documented envelope. */
function checkReply(name: string, received: string): void {
  if (received === '') return;
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1]);
  expect(status, name).toBeGreaterThanOrEqual(400);
  expect(status, name).toBeLessThan(500);
  const start = received.indexOf('\r\n\r\n') + 4;
  const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
  expect(length, `${name}: ${received.slice(0, 300)}`).toBeGreaterThan(2);
  const body: unknown = JSON.parse(received.slice(start, start + length));
  expect(body, name).toMatchObject({ StatusCode: status, details: expect.any(Array) });
}

for (const engine of serverEngines) {
  describe(engine.name, () => {
    let server: RunningServer;
    beforeAll(async () => {
      server = await engine.start({ env: TIMEOUTS, readyWithinMs: 60_000 });
      const users = Object.fromEntries(['maya', 'noor'].map((id) => [id, { id }]));
      await server.api('POST', '/api/v2/users', { body: { users } });
      await server.api('POST', '/api/v2/video/call/default/standup', {
        body: { data: { created_by_id: 'maya' } },
      });
    });
    afterAll(() => server?.discard());

    test('[BAD5] truncated, slow and malformed requests end in time, with a documented error or a closed connection, and do nothing', async () => {
      const replies = await Promise.all(ATTACKS.map((attack) => run(server, attack)));
      for (const [index, received] of replies.entries()) checkReply(ATTACKS[index]?.name ?? '', received);
      const call = await server.api<{ call: { blocked_user_ids: string[] } }>(
        'GET',
        '/api/v2/video/call/default/standup',
      );
      expect(call).toMatchObject({ status: 200, body: { call: { blocked_user_ids: [] } } });
    });
  });
}
