import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { afterEach, expect, test } from 'vitest';
import { freePort, REPO } from '../harness/index.ts';
import { DOCKERFILE, instructions, type UnpackedImage, unpackImage, visibility, wordsOf } from './image.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

test('[ONE1] the linter finds what is wrong with a Dockerfile, and nothing in ours', async () => {
  const text = await readFile(DOCKERFILE, 'utf8');
  expect(validate(text.replace('USER 10001:10001', 'USERS 10001')).length).toBeGreaterThan(0);
  expect(validate(text)).toEqual([]);
});

test('[ONE1] the last stage runs as a user without rights, with one place to write, from images with a version', async () => {
  const all = await instructions();
  const restsOf = (word: string) => all.filter((one) => one.word === word).map(({ rest }) => rest);
  for (const image of restsOf('FROM')) expect(image).toMatch(/^[a-z/]+:(?!latest)[\w.-]+( AS \w+)?$/);
  const last = all.slice(all.findLastIndex(({ word }) => word === 'FROM'));
  const words = last.map(({ word }) => word);
  expect(words.indexOf('USER')).toBeGreaterThan(words.lastIndexOf('RUN'));
  expect(restsOf('USER')).toEqual(['10001:10001']);
  expect(restsOf('VOLUME')).toEqual(['/data']);
  expect(restsOf('ADD')).toEqual([]);
  expect(last.filter(({ word }) => word === 'COPY')).toEqual([
    { word: 'COPY', rest: '--from=build /app /app' },
  ]);
  expect(restsOf('ENV').join()).toContain('CALLGATE_DATA_DIR=/data');
});

test('[ONE3] no test, secret or data of the builder goes into the image', async () => {
  const isSeen = await visibility();
  for (const hidden of [
    '.git/config',
    '.env',
    'deploy/one/.env',
    '.callgate/credentials.json',
    'apps/server/.callgate/callgate.db',
    'apps/server/src/main.test.ts',
    'apps/server/src/http/test/http-world.ts',
    'apps/cli/src/doctor/test-doctor.ts',
    'apps/cli/node_modules/commander/package.json',
    'node_modules/node/bin/node',
    'e2e/docs.test.ts',
  ])
    expect([hidden, isSeen(hidden)]).toEqual([hidden, false]);
  for (const seen of ['package-lock.json', 'apps/server/src/main.ts', 'packages/contract/src/index.ts'])
    expect([seen, isSeen(seen)]).toEqual([seen, true]);
});

/** Whether a user without rights can come to a file. */
function isOpen(path: string): boolean {
  if ((statSync(path).mode & 0o005) !== 0o005) return false;
  return dirname(path) === path || isOpen(dirname(path));
}

/** As in the image where the test may, and where that user can read this tree. */
const isRoot = process.getuid?.() === 0;
const USER = isRoot && isOpen(REPO) && isOpen(process.execPath) ? 10_001 : (process.getuid?.() ?? 0);

/** What a process of the container gets. */
const containerOf = ({ app, data }: UnpackedImage, port: number) => ({
  cwd: data,
  env: { PATH: `${app}/node_modules/.bin:${process.env.PATH}`, CALLGATE_DATA_DIR: data, PORT: String(port) },
  ...(isRoot && { uid: USER, gid: USER }),
});

test('[ONE2] the server starts from what the image holds, as another user, and is healthy', async () => {
  const image = await unpackImage(USER);
  closing.push(image.remove);
  const all = await instructions();
  const inImage = (words: string[]) => words.map((word) => word.replace(/^\/app\//, `${image.app}/`));
  const container = containerOf(image, await freePort());
  const run = ([file = '', ...args]: string[]) =>
    new Promise<{ code: unknown; out: string }>((done) =>
      execFile(file, args, container, (error: ExecFileException | null, out) =>
        done({ code: error?.code ?? 0, out }),
      ),
    );
  const health = wordsOf(all.find(({ word }) => word === 'HEALTHCHECK')?.rest ?? '');
  expect((await run(health)).code).toBe(1);

  const [file = '', ...args] = inImage(wordsOf(all.findLast(({ word }) => word === 'CMD')?.rest ?? ''));
  const server = spawn(file, args, { ...container, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise((done) => server.once('close', done));
  closing.push(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  await new Promise<void>((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (text) => {
        output += String(text);
        if (/^Callgate listens on /m.test(output)) resolve();
      });
    void ended.then(() => reject(new Error(`it ended:\n${output}`)));
  });
  expect((await run(health)).code).toBe(0);

  const doctor = await run(['callgate', 'doctor', '--json']);
  const { findings } = JSON.parse(doctor.out) as { findings: { state: string }[] };
  expect(findings.filter(({ state }) => state === 'fault')).toEqual([]);
  expect(doctor.code).toBe(0);
  if (isRoot) expect(statSync(join(image.data, 'callgate.db')).uid).toBe(USER);

  server.kill('SIGTERM');
  expect(await ended).toBe(0);
});
