import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

/** A server as a process of its own, with all that it printed. */
interface Started {
  child: ChildProcess;
  out(): string;
  err(): string;
  /** Resolves with the URL that it prints, rejects when it ends before. */
  url: Promise<string>;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
}

describe('the process', () => {
  let folder: string;
  let running: Started[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'callgate-main-'));
    running = [];
  });
  afterEach(async () => {
    for (const { child, ended } of running) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (env: Record<string, string> = {}) => ({
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    PORT: '0',
    CALLGATE_DATA_DIR: join(folder, 'data'),
    CALLGATE_MEDIA: 'none',
    ...env,
  });

  function start(env: Record<string, string> = {}): Started {
    const child = spawn(process.execPath, [MAIN], { cwd: folder, env: environment(env) });
    let out = '';
    let err = '';
    child.stderr?.on('data', (chunk) => {
      err += chunk;
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const url = new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', (chunk) => {
        out += chunk;
        const found = /Callgate listens on (http:\/\/[^\s/]+).*\n/.exec(out)?.[1];
        if (found) resolve(found);
      });
      void ended.then(() => reject(new Error(`ended: ${err}`)));
    });
    url.catch(() => undefined);
    const started = { child, out: () => out, err: () => err, url, ended };
    running.push(started);
    return started;
  }

  const mode = (...path: string[]) => (statSync(join(folder, ...path)).mode & 0o777).toString(8);

  test('[OPR10] what keeps it from starting is one sentence and exit code 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const first = start();
    await first.url;
    const cases: [Record<string, string>, RegExp][] = [
      [{ PORT: port, CALLGATE_DATA_DIR: join(folder, 'other') }, new RegExp(`port ${port} .* is in use`)],
      [{}, /is in use by process \d+/],
      [{ PORT: 'x' }, /PORT must be a whole number/],
      [{ CALLGATE_TYPO: 'hush' }, /CALLGATE_TYPO: no such setting/],
      [
        { DATABASE_URL: 'postgres://u:hush@127.0.0.1:1/db', CALLGATE_DATA_DIR: join(folder, 'third') },
        /PostgreSQL/,
      ],
      [{ CALLGATE_DATA_DIR: join(MAIN, 'data') }, /cannot be used \(ENOTDIR\)/],
    ];
    for (const [env, pattern] of cases) {
      const failed = start(env);
      expect(await failed.ended).toBe(1);
      expect(failed.err()).toMatch(pattern);
      expect(failed.err().trim().split('\n')).toHaveLength(1);
      expect(failed.err()).not.toContain('hush');
    }
    taken.close();
  }, 60_000);

  test('[OPR8] [OPR9] the first start makes the secrets and prints a cURL that works when pasted', async () => {
    const first = start({ CALLGATE_MEDIA: '' });
    const url = await first.url;
    expect(mode('data')).toBe('700');
    for (const file of ['credentials.json', 'audit.key', 'audit-signing.pem', 'callgate.db']) {
      expect([file, mode('data', file)]).toEqual([file, '600']);
    }
    const { api_key, api_secret } = JSON.parse(
      (await run('cat', [join(folder, 'data', 'credentials.json')])).stdout,
    );
    expect(first.out()).toContain(api_key);
    expect(first.out()).not.toContain(api_secret);
    expect(first.out()).toContain('npx callgate token --user john');
    const command = /^ {2}curl (?:.*\\\n)*.*$/m.exec(first.out())?.[0] ?? '';
    const pasted = await run('bash', ['-c', command], { cwd: ROOT, env: environment() });
    expect(JSON.parse(pasted.stdout)).toMatchObject({ users: { john: { id: 'john', name: 'John' } } });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  }, 60_000);

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '[OPR11] %s ends with code 0 and loses nothing',
    async (signal) => {
      const secrets = { CALLGATE_API_KEY: 'key', CALLGATE_API_SECRET: 'sixteen characters' };
      const first = start(secrets);
      const url = await first.url;
      const token = (
        await run('npx', ['callgate', 'token', '--server'], { cwd: ROOT, env: environment(secrets) })
      ).stdout.trim();
      const send = (base: string, path: string, body: object) =>
        fetch(`${base}${path}?api_key=key`, {
          method: 'POST',
          headers: { Authorization: token, 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
      const made = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          send(url, '/api/v2/users', { users: { [`u${index}`]: { id: `u${index}` } } }),
        ),
      );
      expect(made.map(({ status }) => status)).toEqual(Array(20).fill(201));
      first.child.kill(signal);
      expect(await first.ended).toBe(0);
      const second = start(secrets);
      const found = await send(await second.url, '/api/v2/users/query', { limit: 100 });
      expect(((await found.json()) as { users: unknown[] }).users).toHaveLength(20);
      expect(second.out()).not.toContain('curl');
      const logs = await fetch(`${await second.url}/api/v2/moderation/logs?api_key=key&limit=100`, {
        headers: { Authorization: token },
      });
      const records = ((await logs.json()) as { logs: { seq: number }[] }).logs;
      expect(new Set(records.map(({ seq }) => seq)).size).toBe(20);
    },
    60_000,
  );
});
