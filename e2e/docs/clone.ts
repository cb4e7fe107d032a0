import { cp, mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { REPO } from '../harness/index.ts';

/** Whether `npm ci` is really run in the copy (minutes, network); otherwise this tree's packages stand in. */
export const FULL_INSTALL = process.env.CALLGATE_DOCS_FULL_INSTALL === '1';

/** What a clone does not bring. */
const NOT_CLONED = new Set([
  'node_modules',
  '.git',
  '.callgate',
  '.vitest',
  '.cache',
  'coverage',
  'data',
  'dist',
]);

/** The call page as it was built here: like the packages it stands in for what a first start makes. */
const PAGE = join(REPO, 'apps/play/dist');

/** A fresh copy of the repository in an empty folder, without data; `remove` deletes it. */
export async function freshClone(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), 'callgate-docs-'));
  const folder = join(parent, 'callgate');
  await cp(REPO, folder, {
    recursive: true,
    filter: (path) => path === REPO || !NOT_CLONED.has(basename(path)) || (!FULL_INSTALL && path === PAGE),
  });
  if (!FULL_INSTALL) for (const place of await withPackages()) await linkPackages(place, folder);
  return { folder, remove: () => rm(parent, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The folders that npm put packages into: the root and some workspaces, relative. */
async function withPackages(): Promise<string[]> {
  const places = ['scripts'];
  for (const group of ['apps', 'packages']) {
    for (const name of await readdir(join(REPO, group))) places.push(join(group, name));
  }
  const found = await Promise.all(
    places.map(async (place) => ((await readdir(join(REPO, place))).includes('node_modules') ? [place] : [])),
  );
  return ['.', ...found.flat()];
}

/** Links each package; relative links (our own workspaces, and their commands) lead within the copy. */
async function linkPackages(place: string, clone: string): Promise<void> {
  const from = join(REPO, place, 'node_modules');
  const to = join(clone, place, 'node_modules');
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    // Caches and npm's own notes.
    if (entry.name.startsWith('.') && entry.name !== '.bin') continue;
    if (entry.name !== '.bin' && entry.name !== '@callgate') {
      await symlink(join(from, entry.name), join(to, entry.name));
      continue;
    }
    await mkdir(join(to, entry.name));
    for (const name of await readdir(join(from, entry.name))) {
      await symlink(await targetIn(join(from, entry.name), name), join(to, entry.name, name));
    }
  }
}

const targetIn = async (folder: string, name: string): Promise<string> => {
  const target = await readlink(join(folder, name));
  const isOurs = target.startsWith('../@callgate/') || folder.endsWith('@callgate');
  return isOurs ? target : resolve(folder, target);
};
