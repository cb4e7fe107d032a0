import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateFiles } from './generate-files.ts';
import { type GeneratedFile, table } from './generated-file.ts';
import { GENERATED_FILES } from './index.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'callgate-generate-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const FILES: GeneratedFile[] = [
  { path: 'a.md', make: () => 'a' },
  { path: 'b.md', make: async () => 'b' },
  { path: 'c.md', needs: 'postgres', make: ({ WHERE }) => `from ${WHERE}` },
];
const CHECK = { write: false, available: new Set<string>(), environment: {} };

test('a check names stale and missing files and writes nothing', async () => {
  writeFileSync(join(root, 'a.md'), 'edited');
  const outcomes = await generateFiles(root, FILES, CHECK);
  expect(outcomes.map(({ state }) => state)).toEqual(['stale', 'missing', 'left out']);
  expect(readFileSync(join(root, 'a.md'), 'utf8')).toBe('edited');
});

test('writing puts them right, and then a check finds nothing', async () => {
  const all = { write: true, available: new Set(['postgres']), environment: { WHERE: 'there' } };
  await generateFiles(root, FILES, all);
  expect(readFileSync(join(root, 'c.md'), 'utf8')).toBe('from there');
  const outcomes = await generateFiles(root, FILES, { ...all, write: false });
  expect(outcomes.every(({ state }) => state === 'same')).toBe(true);
});

test('a pipe inside a cell does not end the cell', () => {
  expect(table(['a', 'b'], [['x|y', 1]])).toBe('| a | b |\n|---|---|\n| x\\|y | 1 |');
});

test('no file is made twice, and what can be made here is made the same each time', async () => {
  const paths = GENERATED_FILES.map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  for (const file of GENERATED_FILES.filter(({ needs }) => needs === undefined)) {
    expect(await file.make({}), file.path).toBe(await file.make({}));
  }
});
