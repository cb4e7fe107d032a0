import type { CheckedFile, Finding, Rule } from './rule.ts';

const ALLOWED = new Set([
  'MIT',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'ISC',
  'MPL-2.0',
  // The same licence as node-datachannel spells it; not an SPDX name.
  'MPL 2.0',
  'BlueOak-1.0.0',
  'Zlib',
]);

interface Locked {
  license?: string;
  link?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
interface Lockfile {
  packages: Record<string, Locked>;
}

/** Whether an SPDX expression leaves us a way through allowed licences: `OR` needs one side, `AND` both. */
export function isAllowed(expression: string): boolean {
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  if (bare.includes(' OR ')) return bare.split(' OR ').some(isAllowed);
  return bare.split(' AND ').every((part) => ALLOWED.has(part.trim()));
}

const licences: Rule = {
  name: 'licences-fit-mit',
  reason:
    'Callgate is MIT: everything that it brings must allow use, change and sale under terms that do not bind ours.',
  check: (files) =>
    named(files, 'package-lock.json').flatMap(({ path, text }) =>
      Object.entries((JSON.parse(text) as Lockfile).packages).flatMap(([where, { license, link }]) => {
        const isForeign = where.includes('node_modules/') && !link;
        if (!isForeign || (license !== undefined && isAllowed(license))) return [];
        return [{ path, line: 0, message: `${where}: ${license ?? 'no licence named'}` }];
      }),
    ),
};

const completeLock: Rule = {
  name: 'lockfile-is-complete',
  reason:
    'npm leaves optional packages of other platforms out of the lockfile when the registry does not answer for them, ' +
    'and `npm ci` then fails for everybody. Add the missing entries with version, os, cpu and `"optional": true`.',
  check: (files) =>
    named(files, 'package-lock.json').flatMap(({ path, text }) => {
      const { packages } = JSON.parse(text) as Lockfile;
      return Object.entries(packages).flatMap(([where, { dependencies, optionalDependencies }]) =>
        Object.keys({ ...dependencies, ...optionalDependencies })
          .filter((name) => !isLocked(packages, where, name))
          .map((name) => ({ path, line: 0, message: `${where || 'the root'} needs ${name}` })),
      );
    }),
};

/** Whether `name` is found from `where` as Node looks it up: in each node_modules from there to the root. */
function isLocked(packages: Lockfile['packages'], where: string, name: string): boolean {
  const folders = where.split('/');
  for (let depth = folders.length; depth >= 0; depth--) {
    const folder = folders.slice(0, depth).filter((part) => part !== '');
    if (folder.at(-1) === 'node_modules') continue;
    if (packages[[...folder, 'node_modules', name].join('/')]) return true;
  }
  return false;
}

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const exactVersions: Rule = {
  name: 'versions-are-exact',
  reason:
    'What was tested is what is installed: a range would bring another version to whoever has no lockfile.',
  check: (files) =>
    named(files, 'package.json').flatMap(({ path, text }): Finding[] => {
      const manifest = JSON.parse(text) as Manifest;
      const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
      return Object.entries(all)
        .filter(([, version]) => !/^(npm:[^@]*@?[^@]*@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name, version]) => ({ path, line: 0, message: `${name} ${version}` }));
    }),
};

const named = (files: readonly CheckedFile[], name: string): CheckedFile[] =>
  files.filter(({ path }) => path === name || path.endsWith(`/${name}`));

/** Rules about what we install. */
export const PACKAGE_RULES: readonly Rule[] = [licences, completeLock, exactVersions];
