import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkTree } from './rules/check-tree.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'callgate-rules-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** The command itself, on a tree with these files. */
function check(files: Record<string, string>): { status: number | null; said: string } {
  write(files);
  const script = join(import.meta.dirname, 'check-rules.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' });
  return { status, said: stderr + stdout };
}

/** What is found in one file: rule and line. */
function findings(path: string, text: string, others: Record<string, string> = {}): string[] {
  write({ ...others, [path]: text });
  const found = checkTree(root).broken.flatMap(({ rule, findings }) =>
    findings.filter((finding) => finding.path === path).map(({ line }) => `${rule.name} ${line}`),
  );
  rmSync(join(root, path));
  return found;
}

const FEATURE = 'apps/server/src/features/bans/ban.ts';
/** Words in two halves, so that this file does not break the rules that it plants. */
const halves = (first: string, second: string): string => first + second;

describe('planted violations', () => {
  test('the environment is read by config.ts alone', () => {
    const text = [
      'const a = process.env.PORT;',
      "const b = process['env'];",
      'const { env } = process;',
      "import { env as c } from 'node:process';",
      'const d = globalThis.process.env;',
      '// process.env in a comment is no reading',
      'const e = "process.env";',
    ].join('\n');
    const expected = [1, 2, 3, 4, 5].map((line) => `environment-in-config-only ${line}`);
    expect(findings(FEATURE, text)).toEqual(expected);
    expect(findings('apps/server/src/config.ts', text)).toEqual([]);
    expect(findings('apps/server/src/storage/test-databases.ts', text)).toEqual([]);
  });

  test('the time is read by kernel/clock.ts alone', () => {
    const text = [
      'const a = Date.now();',
      'const b = new Date();',
      'const c = Date();',
      'const d = performance.now();',
      'const e = process.hrtime.bigint();',
      'const { now } = Date;',
      "import { performance } from 'node:perf_hooks';",
      'const f = new Date(0).toISOString();',
      'const g = clock.now();',
    ].join('\n');
    const expected = [1, 2, 3, 4, 5, 6, 7].map((line) => `time-in-clock-only ${line}`);
    expect(findings(FEATURE, text)).toEqual(expected);
    expect(findings('apps/server/src/kernel/clock.ts', text)).toEqual([]);
  });

  test('no class inherits but from errors', () => {
    const text = [
      'class A extends B {}',
      'class C extends RangeError {}',
      'const D = class extends E {};',
      'interface F extends G {}',
      'class H implements I {}',
    ].join('\n');
    expect(findings(FEATURE, text)).toEqual(['only-errors-inherit 1', 'only-errors-inherit 3']);
  });

  test('no cast claims what nothing has checked', () => {
    const text = [
      'const a = b as any;',
      'const c = d as unknown as E;',
      'const f = (g as unknown) as H;',
    ].join('\n');
    expect(findings(FEATURE, `${text}\nconst i = j as K;`)).toEqual(
      [1, 2, 3].map((line) => `no-type-escapes ${line}`),
    );
  });

  test('no test is skipped, focused or expected to fail', () => {
    const words = ['it.skip', 'test.only', 'describe.todo', "test['fails']"];
    const text = words.map((word) => `${word}('x', () => {});`).join('\n');
    expect(findings('apps/server/src/a.test.ts', `${text}\nfish.skip();`)).toEqual(
      [1, 2, 3, 4].map((line) => `every-test-runs ${line}`),
    );
  });

  test('no check is switched off', () => {
    const text = `// ${halves('@ts-', 'ignore')}\n// ${halves('biome-', 'ignore')} lint: because\n`;
    expect(findings(FEATURE, text)).toEqual(['checks-stay-on 1', 'checks-stay-on 2']);
  });

  test('nothing is left unfinished, in docs neither', () => {
    const text = `# ${halves('TO', 'DO')}\n${halves('not im', 'plemented')}\n${halves('FIX', 'ME')}\n`;
    expect(findings('docs/guides/a.md', text)).toEqual([1, 2, 3].map((line) => `nothing-unfinished ${line}`));
  });

  test('files are split before they are too long; schemas and migrations are lists', () => {
    const lines = (count: number): string => '// one line\n'.repeat(count);
    expect(findings(FEATURE, lines(401))).toEqual(['files-stay-small 0']);
    expect(findings(FEATURE, lines(400))).toEqual([]);
    expect(findings('apps/server/src/a.test.ts', lines(601))).toEqual(['files-stay-small 0']);
    expect(findings('apps/server/src/a.test.ts', lines(600))).toEqual([]);
    expect(findings('packages/contract/src/schemas/a.ts', lines(2_000))).toEqual([]);
    expect(findings('apps/server/src/storage/migrations/0001-a.ts', lines(2_000))).toEqual([]);
  });

  test('a growing file is asked about, and passes', () => {
    const { status, said } = check({ [FEATURE]: '// one line\n'.repeat(301) });
    expect(status).toBe(0);
    expect(said).toContain(`question: ${FEATURE} 301 lines`);
  });

  test('folders and files are named by their subject', () => {
    expect(findings('apps/server/src/utils/a.ts', '')).toEqual(['names-say-what-is-inside 0']);
    expect(findings('apps/server/src/helpers/a.ts', '')).toEqual(['names-say-what-is-inside 0']);
    expect(findings('apps/server/src/features/bans/banUser.ts', '')).toEqual(['names-say-what-is-inside 0']);
  });

  test('versions are exact', () => {
    const text = JSON.stringify({
      dependencies: { a: '^1.0.0', b: '1.2.3' },
      devDependencies: { c: 'latest', d: 'npm:@e/f@1.0.0', g: '1.0.0-beta.1' },
    });
    expect(findings('apps/cli/package.json', text)).toHaveLength(2);
  });

  test('licences leave us free', () => {
    const text = JSON.stringify({
      packages: {
        '': { license: 'MIT' },
        'node_modules/a': { license: 'GPL-3.0-only' },
        'node_modules/b': {},
        'node_modules/c': { license: 'MIT AND SSPL-1.0' },
        'node_modules/d': { license: '(MIT OR GPL-3.0-only)' },
        'node_modules/e': { license: 'Apache-2.0' },
        'node_modules/ours': { link: true },
      },
    });
    expect(findings('package-lock.json', text)).toHaveLength(3);
  });

  test('the lockfile has every package that another one needs', () => {
    const text = JSON.stringify({
      packages: {
        '': { dependencies: { a: '1.0.0' } },
        'apps/cli': { dependencies: { a: '1.0.0', nested: '1.0.0' } },
        'apps/cli/node_modules/nested': { license: 'MIT' },
        'node_modules/a': {
          license: 'MIT',
          optionalDependencies: { '@a/linux': '1.0.0', '@a/darwin': '1.0.0' },
        },
        'node_modules/@a/linux': { license: 'MIT', dependencies: { nested: '1.0.0' } },
      },
    });
    expect(findings('package-lock.json', text)).toEqual(['lockfile-is-complete 0', 'lockfile-is-complete 0']);
  });

  test('every sentence of the spec has a test, and every number a sentence', () => {
    const spec = '**BAN1** A ban holds.\n**BAN2** A ban ends.\n**BAN1** Again.\n';
    const tests = `test('[BAN1] holds', () => {});\ntest('[BAN9] of nothing', () => {});\n`;
    const file = 'apps/server/src/features/bans/ban-user.test.ts';
    expect(findings('docs/spec/bans.md', spec, { [file]: tests })).toEqual([
      'rules-have-tests 3',
      'rules-have-tests 2',
    ]);
    expect(findings(file, tests, { 'docs/spec/bans.md': spec })).toEqual(['rules-have-tests 2']);
  });

  test('links lead to files and folders that are there', () => {
    const text = [
      '[a](missing.md) [b](../spec/bans.md#top) [c](../spec) [d](https://example.org/x.md) [e](#here)',
      '[f](../../README.md) [g](../../sample.jsonc) [h](picture.png)',
    ].join('\n');
    const others = { 'docs/spec/bans.md': '# Bans\n', 'sample.jsonc': '{}', 'docs/guides/picture.png': '' };
    expect(findings('docs/guides/a.md', text, others)).toEqual([
      'links-lead-somewhere 1',
      'links-lead-somewhere 2',
    ]);
  });
});

test('a violation ends with 1, names the reason, and an empty folder is no success', () => {
  const { status, said } = check({ [FEATURE]: 'export const a = Date.now();\n' });
  expect(status).toBe(1);
  expect(said).toContain(`time-in-clock-only: ${FEATURE}:1 Date.now\n  Only kernel/clock.ts reads the time`);
  rmSync(join(root, 'apps'), { recursive: true });
  expect(check({}).status).toBe(1);
});

test('what belongs to others is not looked at', () => {
  const { status } = check({
    'README.md': '# Clean\n',
    'node_modules/a/index.js': 'Date.now()',
    'data/a.js': 'Date.now()',
  });
  expect(status).toBe(0);
});
