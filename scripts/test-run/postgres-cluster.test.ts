import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findPostgres } from './postgres-cluster.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'callgate-find-postgres-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A folder with these programs. */
function programs(folder: string, ...names: string[]): string {
  const path = join(root, folder);
  mkdirSync(path, { recursive: true });
  for (const name of names) writeFileSync(join(path, name), '');
  return path;
}

test('without the programs there is no PostgreSQL; a client alone is none', () => {
  expect(findPostgres('', join(root, 'missing'))).toBeUndefined();
  expect(findPostgres(programs('client', 'psql', 'initdb'), join(root, 'missing'))).toBeUndefined();
});

test('what is on the PATH wins', () => {
  const onPath = programs('own', 'initdb', 'postgres');
  programs('debian/17/bin', 'initdb', 'postgres');
  expect(findPostgres(['/nowhere', onPath].join(delimiter), join(root, 'debian'))).toBe(onPath);
});

test('of several that Debian installed the newest is taken', () => {
  for (const version of ['9', '15', '17']) programs(`debian/${version}/bin`, 'initdb', 'postgres');
  expect(findPostgres('', join(root, 'debian'))).toBe(join(root, 'debian/17/bin'));
});
