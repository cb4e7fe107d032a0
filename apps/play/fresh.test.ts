import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const LEFT_OUT = new Set(['dist', 'node_modules', '.callgate']);

describe('building the call page', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'callgate-fresh-'));
    for (const name of ['apps/play', 'apps/server', 'package-lock.json', 'tsconfig.json'])
      cpSync(join(ROOT, name), join(root, name), {
        recursive: true,
        filter: (path) => !LEFT_OUT.has(basename(path)),
      });
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    symlinkSync(join(ROOT, 'packages'), join(root, 'packages'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const path = (name: string) => join(root, 'apps/play', name);
  const build = async (): Promise<[result: string, announced: number]> => {
    const { buildPlayPage } = (await import(pathToFileURL(path('fresh.mjs')).href)) as {
      buildPlayPage(onBuild: () => void): Promise<string>;
    };
    let announced = 0;
    const result = await buildPlayPage(() => {
      announced += 1;
    }).catch((error: Error) => `failed: ${error.message}`);
    return [result, announced];
  };
  const current = () => readFileSync(path('dist/current'), 'utf8').trim();

  test('[PLY17] a page that cannot be built leaves the last one, and one that is fresh is left alone', async () => {
    expect(await build()).toEqual(['built', 1]);
    const first = current();
    expect(readFileSync(path(`dist/${first}/index.html`), 'utf8')).toContain('STYLE_NONCE');
    expect(await build()).toEqual(['fresh', 0]);
    writeFileSync(path('src/theme.ts'), 'export const theme = ;');
    const [broken, announced] = await build();
    expect([broken, announced]).toEqual([expect.stringMatching(/^failed: .*theme/s), 1]);
    expect(current()).toBe(first);
    cpSync(join(import.meta.dirname, 'src/theme.ts'), path('src/theme.ts'));
    writeFileSync(path('src/page.css'), 'body { margin: 1px; }');
    expect(await build()).toEqual(['built', 1]);
    expect(current()).not.toBe(first);
  });

  test('[PLY17] two that build at once end with one page', async () => {
    const ends = await Promise.all([build(), build()]);
    expect(ends.map(([result]) => result)).toEqual(['built', 'built']);
    expect((await build())[0]).toBe('fresh');
  });

  test('[PLY17] a server whose page cannot be built starts without it and says why', async () => {
    writeFileSync(path('src/main.tsx'), 'this is no program');
    const child = spawn(process.execPath, [join(root, 'apps/server/src/start.mjs')], {
      cwd: root,
      env: {
        PATH: process.env.PATH ?? '',
        PORT: '0',
        CALLGATE_DATA_DIR: join(root, 'data'),
        CALLGATE_MEDIA: 'none',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const listens = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          said += chunk;
          if (said.includes('No media:')) resolve();
        });
    });
    await Promise.race([listens, once(child, 'exit')]);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(said).toContain('Building the call page, once');
    expect(said).toMatch(/The call page could not be built, everything else works: .*main\.tsx/s);
    expect(said).toContain('Callgate listens on');
    expect(said).not.toContain('Two links');
  });
});
