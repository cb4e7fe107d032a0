import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/*
 * Builds the call page when its sources differ from what was built last (ADR 21). What is built stands in
 * dist/<digest of the sources>, and dist/current names the one to serve. JavaScript, so that a start which builds
 * nothing does not load what strips types; Vite runs in a process of its own, which takes its memory along.
 */
const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const DIST = join(HERE, 'dist');
const CURRENT = join(DIST, 'current');
/** What the page is made of, and the lockfile, which says of which packages. */
const SOURCES = ['index.html', 'package.json', 'vite.config.ts', 'src'];
/** A build takes 5 s; a machine that needs more than this will not come to an end, in milliseconds. */
const MOST_MS = 180_000;

/**
 * Sees to it that the page is there, and resolves with `fresh` (nothing to do) or `built`. `onBuild` is called before a
 * build begins. Rejects with the reason when it cannot be built; what was built before is served on. Several processes
 * may do it at once: each builds for itself, and the first result stays.
 */
export async function buildPlayPage(onBuild = () => undefined) {
  const digest = digestOfSources();
  if (existsSync(CURRENT) && readFileSync(CURRENT, 'utf8').trim() === digest) return 'fresh';
  const folder = join(DIST, digest);
  if (!existsSync(folder)) {
    onBuild();
    mkdirSync(DIST, { recursive: true });
    const partial = join(DIST, `partial-${randomUUID()}`);
    try {
      await vite(partial);
      moveUnlessThere(partial, folder);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  const before = existsSync(CURRENT) ? readFileSync(CURRENT, 'utf8').trim() : '';
  const marker = join(DIST, `current-${randomUUID()}`);
  writeFileSync(marker, `${digest}\n`);
  renameSync(marker, CURRENT);
  dropAllBut(digest, before);
  return 'built';
}

function digestOfSources() {
  const sum = createHash('sha256');
  const add = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) if (!name.includes('.test.')) add(join(path, name));
      return;
    }
    sum.update(`${path.slice(HERE.length)}\n`).update(readFileSync(path));
  };
  for (const name of SOURCES) add(join(HERE, name));
  const lock = join(ROOT, 'package-lock.json');
  if (existsSync(lock)) sum.update(readFileSync(lock));
  return sum.digest('hex').slice(0, 16);
}

function moveUnlessThere(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

/** Older builds, but for the last one, which a running server may not have read yet. Another's partial ones stay. */
function dropAllBut(...kept) {
  for (const name of readdirSync(DIST))
    if (/^[0-9a-f]{16}$/.test(name) && !kept.includes(name))
      rmSync(join(DIST, name), { recursive: true, force: true });
}

function vite(outDir) {
  const program = join(ROOT, 'node_modules/vite/bin/vite.js');
  const args = [program, 'build', HERE, '--outDir', outDir, '--logLevel', 'error'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: HERE,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: MOST_MS,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said = (said + chunk).slice(-4000);
      });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(said.trim() || `vite build ended with ${code}`)),
    );
  });
}
