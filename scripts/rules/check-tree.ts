import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { CODE_RULES } from './code-rules.ts';
import { DOCUMENT_RULES } from './document-rules.ts';
import { PACKAGE_RULES } from './package-rules.ts';
import type { CheckedFile, Finding, Rule } from './rule.ts';
import { growingFiles, TEXT_RULES } from './text-rules.ts';

const RULES: readonly Rule[] = [...CODE_RULES, ...TEXT_RULES, ...PACKAGE_RULES, ...DOCUMENT_RULES];

/** What the rules say about a tree. */
export interface Verdict {
  /** How many files were looked at. */
  readonly files: number;
  /** The broken rules with their places. */
  readonly broken: readonly { rule: Rule; findings: readonly Finding[] }[];
  /** Files that pass and are worth a question. */
  readonly growing: readonly Finding[];
}

/** Checks everything under `root` that is ours. */
export function checkTree(root: string): Verdict {
  const files = filesUnder(root);
  const broken = RULES.map((rule) => ({ rule, findings: rule.check(files) })).filter(
    ({ findings }) => findings.length > 0,
  );
  return { files: files.length, broken, growing: growingFiles(files) };
}

/** Not ours, or not sources. */
const IGNORED = new Set(['node_modules', '.git', '.callgate', '.vitest', '.cache', 'coverage', 'dist']);
const READ = /\.(ts|tsx|mjs|js|py|md|json|sh|sql|yaml|yml)$|^(LICENSE|run)$/;

function filesUnder(root: string, folder = ''): CheckedFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    // The server's default data folder.
    if (path === 'data') return [];
    if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : filesUnder(root, path);
    return entry.isFile() ? [read(root, path)] : [];
  });
}

function read(root: string, path: string): CheckedFile {
  // Pictures and the like have a path that links lead to, and no text.
  const text = READ.test(posix.basename(path)) ? readFileSync(join(root, path), 'utf8') : '';
  const isScript = /\.(ts|tsx|mjs|js)$/.test(path);
  const source = isScript ? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) : undefined;
  return { path, text, source };
}
