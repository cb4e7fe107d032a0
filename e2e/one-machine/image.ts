import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { REPO } from '../harness/index.ts';
import { DEPLOY } from './programs.ts';

/** A line of the Dockerfile, continued lines joined. */
export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

export const DOCKERFILE = join(DEPLOY, 'Dockerfile');

/** The instructions in order. */
export async function instructions(): Promise<Instruction[]> {
  const text = (await readFile(DOCKERFILE, 'utf8')).replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ');
  return text.split('\n').flatMap((line) => {
    const [, word, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return word !== undefined && rest !== undefined ? [{ word, rest: rest.trim() }] : [];
  });
}

/** The words of an instruction in JSON form. */
export const wordsOf = (rest: string): string[] => JSON.parse(rest.slice(rest.indexOf('['))) as string[];

/** Whether the builder sees a path, by the rules of the ignore file: the last line that fits decides. */
export async function visibility(): Promise<(path: string) => boolean> {
  const text = await readFile(`${DOCKERFILE}.dockerignore`, 'utf8');
  const rules = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return (path) => {
    // What holds for a folder holds for everything in it.
    const parts = path.split('/').map((_, at, all) => all.slice(0, at + 1).join('/'));
    let isSeen = true;
    for (const rule of rules) {
      const pattern = rule.replace(/^!/, '');
      if (parts.some((part) => fits(pattern, part))) isSeen = rule.startsWith('!');
    }
    return isSeen;
  };
}

/** As the builder matches: `*` within a name, dots included, `**` any number of folders. */
const fits = (pattern: string, path: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('**/', '\u0000')
      .replaceAll('*', '[^/]*')
      .replaceAll('\u0000', '(.*/)?')}$`,
  ).test(path);

/** What the build stage runs beside `npm ci`, whose part `linkPackages` takes. */
async function buildCommands(): Promise<string[]> {
  const all = await instructions();
  const build = all.slice(
    0,
    all.findLastIndex(({ word }) => word === 'FROM'),
  );
  return build.flatMap(({ word, rest }) => (word === 'RUN' && !rest.startsWith('npm ci ') ? [rest] : []));
}

/** What would be `/app` and `/data` of a container. */
export interface UnpackedImage {
  readonly app: string;
  readonly data: string;
  /** Files that were copied, relative to `/app`. */
  readonly copied: readonly string[];
  remove(): Promise<void>;
}

/**
 * Does in a folder what the Dockerfile's build stage does: its COPY lines through its ignore file, its RUN lines, and in
 * place of `npm ci --omit=dev` links to those packages that this would install. `data` belongs to the given user.
 */
export async function unpackImage(uid: number): Promise<UnpackedImage> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-image-'));
  await chmod(folder, 0o755);
  const [app, data] = [join(folder, 'app'), join(folder, 'data')];
  await mkdir(app);
  await mkdir(data, { mode: 0o700 });
  await chown(data, uid, uid);
  const isSeen = await visibility();
  for (const { word, rest } of await instructions()) {
    if (word !== 'COPY' || rest.startsWith('--from')) continue;
    const names = rest.split(/\s+/);
    const to = names.pop() ?? '';
    for (const name of names) await copySeen(name, { app, to }, isSeen);
  }
  await linkPackages(app);
  for (const command of await buildCommands()) execFileSync('sh', ['-ec', command], { cwd: app });
  return {
    ...{ app, data },
    copied: await filesUnder(app),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A folder's content goes to `to`; a file too, or into it where it ends with `/`. */
async function copySeen(
  name: string,
  { app, to }: { app: string; to: string },
  isSeen: (path: string) => boolean,
): Promise<void> {
  const from = join(REPO, name);
  if ((await stat(from)).isDirectory()) {
    const filter = async (path: string) => isSeen(relative(REPO, path)) || (await holdsSeen(path, isSeen));
    return cp(from, join(app, to), { recursive: true, filter });
  }
  if (!isSeen(name)) throw new Error(`the ignore file hides ${name}`);
  const target = join(app, to, to.endsWith('/') ? basename(name) : '');
  await mkdir(dirname(target), { recursive: true });
  await cp(from, target);
}

/** Folders on the way to something seen: `apps`, of which only two are. */
const holdsSeen = async (path: string, isSeen: (path: string) => boolean): Promise<boolean> => {
  const names = await readdir(path).catch(() => []);
  return names.some((name) => isSeen(relative(REPO, join(path, name))));
};

/** Links the packages that are not for development, wherever npm has put them, and Node beside them. */
async function linkPackages(app: string): Promise<void> {
  const listed = execFileSync('npm', ['ls', '--all', '--parseable', '--omit=dev'], { cwd: REPO });
  const paths = listed.toString().trim().split('\n').slice(1);
  for (const path of paths) {
    const place = relative(REPO, path);
    if (!place.includes('node_modules/')) continue;
    // A package inside a linked one is there already.
    if (place.indexOf('node_modules/') !== place.lastIndexOf('node_modules/')) continue;
    const to = join(app, place);
    await mkdir(dirname(to), { recursive: true });
    const isOurs = place.startsWith('node_modules/@callgate/');
    await symlink(isOurs ? join('../..', await ownFolder(path)) : path, to);
  }
  await mkdir(join(app, 'node_modules/.bin'), { recursive: true });
  await symlink('../node/bin/node', join(app, 'node_modules/.bin/node'));
}

const ownFolder = async (path: string): Promise<string> => {
  return relative(REPO, await realpath(path));
};

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
