import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { describe, expect, test } from 'vitest';
import { followPage } from './docs/follow.ts';
import { isShown, stepsOf } from './docs/page.ts';
import { freePort, REPO } from './harness/index.ts';

const GUIDES = 'docs/guides';
const NEEDS_POSTGRES = `${GUIDES}/postgres.md`;
const postgres = testEngines.find((engine) => engine.name === 'postgres');

const guides = (await readdir(join(REPO, GUIDES))).filter((name) => name.endsWith('.md')).sort();
/** Set by scripts/test.ts when bash and curl are there; without it the pages are left out, and named at the end. */
const shell = process.env.CALLGATE_TEST_SHELL;
const pages = ['README.md', ...guides.map((name) => `${GUIDES}/${name}`)].filter(
  (path) => shell && (path !== NEEDS_POSTGRES || postgres),
);

describe('reading a page', () => {
  for (const [page, complaint] of [
    ['```bash\nls\n```', /line 1: a block "bash"/],
    ['```text\nout\n```', /line 1: a block "text"/],
    ['```sh\nls\n```\n```text\na\n```\n```text\nb\n```', /line 7: a block "text"/],
    ['```sh\nls', /line 1: the block is not closed/],
  ] as const)
    test(`[DOC1] ${JSON.stringify(page)} is refused: nobody would run all of it`, () => {
      expect(() => stepsOf(page)).toThrow(complaint);
    });

  for (const [tag, shown, printed, same] of [
    ['text', 'one\n...\nthree', 'one\n2\ntwo\nthree\n', true],
    ['text', 'one (1)', 'one 1', false],
    ['text', 'one', 'one\ntwo', false],
    ['json', '{"a": {"b": 1, ...}}', '{"a":{"b":1,"c":2}}', true],
    ['json', '{"a": 1}', '{"a":1,"b":2}', false],
  ] as const)
    test(`[DOC2] ${JSON.stringify(printed)} is ${same ? '' : 'not '}what ${JSON.stringify(shown)} shows`, () => {
      expect(isShown({ tag, text: shown, line: 1 }, printed)).toBe(same);
    });
});

for (const path of pages)
  test(`[DOC3] ${path} does what it says, command by command, in a fresh clone`, async ({ signal }) => {
    const empty = path === NEEDS_POSTGRES ? await postgres?.createEmpty() : undefined;
    const reader = { shell: shell ?? 'bash', signal, ...(empty && { databaseUrl: empty.location }) };
    try {
      expect(await followPage(path, reader)).toBeGreaterThan(0);
    } finally {
      await empty?.remove();
    }
  });

test('[DOC4] every guide, rule page and decision stands in the index', async () => {
  const index = await readFile(join(REPO, 'docs/README.md'), 'utf8');
  const folders = ['guides', 'spec', 'adr'].map(async (folder) =>
    (await readdir(join(REPO, 'docs', folder))).map((name) => `${folder}/${name}`),
  );
  const files = (await Promise.all(folders)).flat().filter((path) => path !== 'adr/README.md');
  expect(files.filter((path) => !index.includes(`(${path})`))).toEqual([]);
});

test('[DOC5] the fixture ends with 1 and one sentence where no server was started, and where none answers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-fixture-'));
  const port = String(await freePort());
  const fixture = (env: Record<string, string>): Promise<{ code: unknown; out: string; error: string }> =>
    new Promise((done) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH, PORT: port, ...env } };
      execFile(process.execPath, [join(REPO, 'scripts/seed-fixture.ts')], options, (failed, out, error) =>
        done({ code: failed?.code ?? 0, out, error }),
      );
    });
  const credentials = { CALLGATE_API_KEY: 'key', CALLGATE_API_SECRET: 'secret-of-this-very-test' };
  try {
    const sentence = (start: RegExp) => ({ code: 1, out: '', error: expect.stringMatching(start) });
    expect(await fixture({})).toEqual(sentence(/^fixture: There is no secret yet: [^\n]+\n$/));
    expect(await fixture(credentials)).toEqual(sentence(/^fixture: http:\S+ does not answer: [^\n]+\n$/));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
