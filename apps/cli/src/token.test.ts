import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenVerifier } from '@callgate/server/http/token.ts';
import { systemClock } from '@callgate/server/kernel/clock.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Context } from './context.ts';
import { main } from './main.ts';
import { callgate } from './test-cli.ts';

const SECRET = 'secret-of-the-test-server';
const NOW = Date.UTC(2026, 10, 22);
const verify = tokenVerifier({ secret: SECRET, skewSeconds: 0 });

let cwd: string;
let said: { out: string; note: string };
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'callgate-cli-'));
  said = { out: '', note: '' };
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const run = (...args: string[]): Promise<number> => {
  const context: Context = {
    env: { CALLGATE_API_KEY: 'key-of-the-test', CALLGATE_API_SECRET: SECRET },
    cwd,
    clock: { now: () => NOW },
    out: (text) => {
      said.out += text;
    },
    note: (text) => {
      said.note += text;
    },
    ask: async () => undefined,
  };
  return main(['node', 'callgate', ...args], context);
};

for (const [args, complaint] of [
  [['token'], /^callgate: Name a user with --user, or ask for --server: one of the two\.\n$/],
  [['token', '--user', 'john', '--server'], /one of the two/],
  [['token', '--user', 'a b'], /--user must be/],
  [['token', '--user', 'john', '--expires', '5'], /--expires must be/],
  [['token', '--user', 'john', '--expires', '999999999d'], /--expires must be/],
  [['token', '--user', 'john', '--call', 'standup'], /--call must be/],
  [['token', '--user', 'john', '--role', 'host'], /--role holds in the calls of --call/],
  [['token', '--server', '--call', 'default:standup'], /go with --user/],
  [['tokens'], /unknown command/],
] as const)
  test(`[CLI2] "callgate ${args.join(' ')}" is refused with a sentence and exit code 1`, async () => {
    expect(await run(...args)).toBe(1);
    expect(said.note).toMatch(complaint);
    expect(said.out).toBe('');
  });

test('[CLI2] without a secret the sentence says where it comes from', async () => {
  const ran = await callgate(['token', '--user', 'john'], { env: {}, cwd });
  expect(ran).toMatchObject({
    code: 1,
    out: '',
    error: expect.stringMatching(/There is no secret yet: start the server/),
  });
});

test('[CLI1] a user token holds for 24 hours unless told otherwise, and nothing else is printed', async () => {
  expect(await run('token', '--user', 'john')).toBe(0);
  expect(said.note).toBe('');
  expect(said.out).toMatch(/^\S+\n$/);
  expect(verify(said.out.trim(), NOW)).toEqual({
    kind: 'user',
    userId: 'john',
    claims: { issuedAt: NOW, expiresAt: NOW + 86_400_000, callCids: null, role: null },
  });
});

test('[CLI1] a call token names its calls and the role in them', async () => {
  await run(
    'token',
    '--user',
    'john',
    '--call',
    'default:x',
    '--call',
    'default:y',
    '--role',
    'host',
    '--expires',
    '30m',
  );
  expect(verify(said.out.trim(), NOW)).toMatchObject({
    claims: { callCids: ['default:x', 'default:y'], role: 'host', expiresAt: NOW + 1_800_000 },
  });
});

test('[CLI1] a server token is one, for ever when told so', async () => {
  await run('token', '--server', '--expires', 'never');
  expect(verify(said.out.trim(), NOW + 1e12)).toEqual({ kind: 'server', issuedAt: NOW });
});

test('[CLI1] the secret comes from the data folder that the server made', async () => {
  const credentials = JSON.stringify({ api_key: 'key', api_secret: SECRET });
  writeFileSync(join(cwd, 'credentials.json'), credentials);
  const ran = await callgate(['token', '--server', '--data-dir', cwd], { env: {}, cwd });
  expect(ran).toMatchObject({ code: 0, error: '' });
  expect(verify(ran.out.trim(), systemClock.now())).toMatchObject({ kind: 'server' });
});

test('[CLI3] --help tells every command', async () => {
  expect(await run('--help')).toBe(0);
  for (const word of ['token', 'audit', 'backup', 'restore', 'callgate token --user john']) {
    expect(said.out).toContain(word);
  }
});
