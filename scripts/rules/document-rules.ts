import { dirname, posix } from 'node:path';
import type { CheckedFile, Finding, Rule } from './rule.ts';

const ID = '[A-Z]{2,}\\d+[a-z]?';

const specified: Rule = {
  name: 'rules-have-tests',
  reason:
    'docs/spec says what Callgate does in numbered sentences, and a test holds each: its title starts with the ' +
    'number, e.g. `[BAN3] `. A sentence without a test is a hope, a number without a sentence a riddle.',
  check(files) {
    const rules = new Map<string, Finding>();
    const findings: Finding[] = [];
    for (const found of occurrences(files, isSpec, new RegExp(`\\*\\*(${ID})\\*\\*`, 'g'))) {
      if (rules.has(found.message)) findings.push({ ...found, message: `${found.message} is given twice` });
      rules.set(found.message, found);
    }
    const quoted = occurrences(files, isTest, new RegExp(`\\[(${ID})\\]`, 'g'));
    const tested = new Set(quoted.map((found) => found.message));
    for (const found of quoted) {
      if (!rules.has(found.message)) findings.push({ ...found, message: `${found.message} is in no spec` });
    }
    for (const [id, found] of rules) {
      if (!tested.has(id)) findings.push({ ...found, message: `${id} has no test` });
    }
    return findings;
  },
};

const isSpec = (path: string): boolean => /^docs\/spec\/.+\.md$/.test(path);
const isTest = (path: string): boolean => /^(apps|packages|e2e|bench)\/.+\.(test|suite)\.ts$/.test(path);

function occurrences(
  files: readonly CheckedFile[],
  applies: (path: string) => boolean,
  pattern: RegExp,
): Finding[] {
  const chosen = files.filter(({ path }) => applies(path));
  return chosen.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        [...line.matchAll(pattern)].map((match) => ({ path, line: index + 1, message: match[1] ?? '' })),
      ),
  );
}

const links: Rule = {
  name: 'links-lead-somewhere',
  reason: 'A page that points to a file that is gone sends its reader into nothing.',
  check(files) {
    const paths = new Set(files.flatMap(({ path }) => parentsOf(path)));
    const isPage = (path: string): boolean => path.endsWith('.md');
    return occurrences(files, isPage, /\]\(([^)\s#]+)[^)]*\)/g).filter(({ path, message }) => {
      if (/^[a-z]+:|^\//.test(message)) return false;
      return !paths.has(posix.normalize(posix.join(dirname(path), message)).replace(/\/$/, ''));
    });
  },
};

const parentsOf = (path: string): string[] => {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
};

/** Rules about docs. */
export const DOCUMENT_RULES: readonly Rule[] = [specified, links];
