import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REPO, type RunningServer, startServer } from '../harness/index.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
  const users = Object.fromEntries(['mary', 'sara', 'john'].map((id) => [id, { id }]));
  await server.api('POST', '/api/v2/users', { body: { users } });
  await server.api('POST', '/api/v2/video/call/default/one', { body: { data: { created_by_id: 'mary' } } });
});
afterAll(() => server.discard());

/** `callgate listen` as people run it. */
function listening(...args: string[]) {
  const env = {
    PATH: process.env.PATH,
    CALLGATE_DATA_DIR: server.dataDir,
    CALLGATE_API_KEY: server.apiKey,
    CALLGATE_API_SECRET: server.apiSecret,
  };
  const command = [join(REPO, 'apps/cli/bin/callgate.js'), 'listen', '--url', server.baseUrl, ...args];
  const child = spawn(process.execPath, command, { env, cwd: REPO });
  const said = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.error += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { said, ended, lines: () => said.out.split('\n').filter((line) => line !== '') };
}

for (const [args, complaint] of [
  [['--watch', 'default:one'], /required option '--user/],
  [['--user', 'a b'], /--user must be/],
  [['--user', 'sara', '--watch', 'one'], /--watch must be/],
  [['--user', 'sara', '--count', '0'], /--count must be/],
  [
    ['--user', 'sara', '--watch', 'default:nowhere'],
    /default:nowhere cannot be watched: call .* does not exist/,
  ],
  [['--user', 'sara', '--url', 'http://127.0.0.1:1'], /closed with 1006/],
] as const)
  test(`[CLI4] "callgate listen ${args.join(' ')}" is refused with a sentence`, async () => {
    const { said, ended } = listening(...args);
    expect(await ended).toBe(1);
    expect(said.error).toMatch(complaint);
    expect(said.out).toBe('');
  });

test('[CLI4] what a user hears is printed from the moment at which the calls are watched', async () => {
  const sara = listening('--user', 'sara', '--watch', 'default:one', '--count', '2');
  await expect.poll(() => sara.lines().length, { timeout: 20_000 }).toBe(1);
  for (const verb of ['block', 'unblock']) {
    await server.api('POST', `/api/v2/video/call/default/one/${verb}`, { body: { user_id: 'john' } });
  }
  expect(await sara.ended).toBe(0);
  expect(sara.lines().map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
    'connection.ok',
    'call.blocked_user',
    'call.unblocked_user',
  ]);
});
