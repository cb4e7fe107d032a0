import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'callgate-dependencies-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A package in node_modules with one empty module. */
const installed = (name: string): Record<string, string> => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
  [`node_modules/${name}/index.js`]: '',
});

function check(): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'dependencies.ts'), root],
    { encoding: 'utf8' },
  );
  return { status, said: stderr + stdout };
}

/** Rule -> the file that breaks it, and what that file imports. Types count as much as values. */
const PLANTED: Record<string, { from: string; to: string; packages?: string[] }> = {
  resolves: { from: 'apps/server/src/http/a.ts', to: './missing.ts' },
  'contract-stands-alone': { from: 'packages/contract/src/a.ts', to: '../../../apps/server/src/kernel/b.ts' },
  'kernel-imports-contract-only': { from: 'apps/server/src/kernel/a.ts', to: '../storage/b.ts' },
  'storage-stands-on-kernel': { from: 'apps/server/src/storage/a.ts', to: '../features/audit/b.ts' },
  'features-know-no-transport': { from: 'apps/server/src/features/bans/a.ts', to: '../../http/b.ts' },
  'features-have-a-place': { from: 'apps/server/src/http/a.ts', to: '../features/fresh/b.ts' },
  'gateway-stands-on-features': { from: 'apps/server/src/gateway/a.ts', to: '../http/b.ts' },
  'http-stands-on-features': { from: 'apps/server/src/http/a.ts', to: '../ws/b.ts' },
  'ws-stands-on-features': { from: 'apps/server/src/ws/a.ts', to: '../gateway/b.ts' },
  'app-is-composed-by-main': { from: 'apps/server/src/http/a.ts', to: '../app.ts' },
  'nothing-imports-main': { from: 'apps/server/src/app.ts', to: './main.ts' },
  'the-call-page-is-a-client': { from: 'apps/play/src/a.ts', to: '../../server/src/kernel/b.ts' },
  'the-server-builds-the-call-page-only': { from: 'apps/server/src/http/a.ts', to: '../../../play/src/b.ts' },
  'the-media-server-stands-alone': { from: 'packages/sfu/src/media/a.ts', to: '../../../contract/src/b.ts' },
  'the-server-talks-to-the-media-server': {
    from: 'apps/server/src/a.ts',
    to: '../../../packages/sfu/src/media/b.ts',
  },
  'nothing-imports-the-command-line': { from: 'apps/server/src/http/a.ts', to: '../../../cli/src/b.ts' },
  'only-app-names-adapters': { from: 'apps/server/src/main.ts', to: './storage/sqlite.ts' },
  'sql-in-stores-only': { from: 'apps/server/src/features/bans/ban.ts', to: '../../storage/prepared.ts' },
  'drivers-in-storage-only': {
    from: 'apps/server/src/app.ts',
    to: 'better-sqlite3',
    packages: ['better-sqlite3'],
  },
  'http-library-in-http-only': {
    from: 'apps/server/src/features/bans/a.ts',
    to: 'fastify',
    packages: ['fastify'],
  },
  'production-imports-no-test-code': { from: 'apps/server/src/app.ts', to: './storage/test-databases.ts' },
  'production-dependencies-are-declared': {
    from: 'apps/server/src/http/a.ts',
    to: 'undeclared',
    packages: ['undeclared'],
  },
  'feature-order-calls': { from: 'apps/server/src/features/calls/a.ts', to: '../bans/b.ts' },
};

/** One tree that breaks every rule once. */
function plantAll(): void {
  const files: Record<string, string> = {
    'apps/server/package.json': '{"name":"planted","dependencies":{}}',
  };
  for (const { from, to, packages = [] } of Object.values(PLANTED)) {
    for (const name of packages) Object.assign(files, installed(name));
    const target = join(dirname(from), to);
    if (to.startsWith('.') && !to.includes('missing')) files[target] ??= '';
    // What is only a type is gone at run time: the rule on declared packages asks for values alone.
    files[from] = `${files[from] ?? ''}import ${to === 'undeclared' ? '' : 'type {} from '}'${to}';\n`;
  }
  write(files);
}

describe('dependency rules', () => {
  test('a violation of each rule is found', () => {
    plantAll();
    const { status, said } = check();
    expect(status).toBe(1);
    for (const [name, { from }] of Object.entries(PLANTED)) expect(said).toContain(`${name}: ${from} -> `);
  });

  test('a circle is found, of types too', () => {
    write({
      'apps/server/src/kernel/a.ts': `import type { B } from './b.ts';\nexport interface A { b: B }\n`,
      'apps/server/src/kernel/b.ts': `import type { A } from './a.ts';\nexport interface B { a: A }\n`,
    });
    const { status, said } = check();
    expect(said).toContain('no-circles: apps/server/src/kernel/a.ts -> ');
    expect(status).toBe(1);
  });

  test('a folder without sources is a failure, not a success', () => {
    expect(check().status).toBe(1);
  });

  test('imports that point down are accepted, and tests may look at test support', () => {
    write({
      'packages/contract/src/index.ts': 'export type Id = 1;\n',
      'apps/server/src/kernel/id.ts': `export type { Id } from '../../../../packages/contract/src/index.ts';\n`,
      'apps/server/src/storage/database.ts': `import type { Id } from '../kernel/id.ts';\nexport type Row = Id;\n`,
      'apps/server/src/storage/test-databases.ts': `import type { Row } from './database.ts';\nexport type D = Row;\n`,
      'apps/server/src/features/audit/index.ts': `export type { Row } from '../../storage/database.ts';\n`,
      'apps/server/src/features/bans/ban-user.ts': `import type { Row } from '../audit/index.ts';\nexport type R = Row;\n`,
      'apps/server/src/features/bans/ban-user.test.ts': `import type { D } from '../../storage/test-databases.ts';\nimport type { R } from './ban-user.ts';\nexport type T = D | R;\n`,
      'apps/server/src/app.ts': `import type { R } from './features/bans/ban-user.ts';\nexport type App = R;\n`,
      'apps/server/src/main.ts': `import type { App } from './app.ts';\nexport type Main = App;\n`,
    });
    expect(check()).toEqual({ status: 0, said: expect.stringContaining('0 violations') });
  });

  test('every rule has a reason and a planted violation', async () => {
    const file = pathToFileURL(join(import.meta.dirname, '../.dependency-cruiser.mjs')).href;
    const { default: configuration } = (await import(file)) as {
      default: { forbidden: { name: string; comment: string }[] };
    };
    for (const { name, comment } of configuration.forbidden) {
      expect(comment.length, name).toBeGreaterThan(40);
      if (name === 'no-circles' || name.startsWith('feature-order-')) continue;
      expect(Object.keys(PLANTED)).toContain(name);
    }
  });
});
