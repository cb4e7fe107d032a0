import { type CheckedFile, type Finding, lineRule, type Rule } from './rule.ts';

const isCode = (path: string): boolean => /\.(ts|tsx|mjs|js|py)$/.test(path);

const switchedOff = lineRule(
  'checks-stay-on',
  'A check that is switched off at one line is a rule that does not hold; change the code, or the rule for everybody.',
  /@ts-(ignore|nocheck|expect-error)|biome-[i]gnore|v8 [i]gnore|c8 [i]gnore|# type: [i]gnore|# [n]oqa/,
  isCode,
);

// The letters in brackets keep these lines from finding themselves.
const unfinished = lineRule(
  'nothing-unfinished',
  'What is not done stands in an issue, where somebody owns it; the tree holds what is finished.',
  /\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b|[Nn]ot [i]mplemented|[Pp]lace[h]older/,
  (path) => isCode(path) || path.endsWith('.md'),
);

/** Lines that a file may have: [warned above, refused above]. */
function limits(path: string): readonly [number, number] {
  if (/^packages\/contract\/src\/|\/migrations\/|\.generated\./.test(path) && !path.endsWith('.test.ts')) {
    return [Infinity, Infinity];
  }
  return /\.(test|suite)\.ts$/.test(path) ? [450, 600] : [300, 400];
}

const linesOf = (file: CheckedFile): number =>
  file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);

const size: Rule = {
  name: 'files-stay-small',
  reason: 'A file is read as a whole: aim at 150 lines, ask at 300, split at 400 (tests 600).',
  check: (files) =>
    files.flatMap((file) => {
      const lines = linesOf(file);
      const limit = limits(file.path)[1];
      return isCode(file.path) && lines > limit
        ? [{ path: file.path, line: 0, message: `${lines} lines, at most ${limit}` }]
        : [];
    }),
};

/** Files that are worth a question, not yet an error. */
export const growingFiles = (files: readonly CheckedFile[]): Finding[] =>
  files.flatMap((file) => {
    const lines = linesOf(file);
    const [ask, refuse] = limits(file.path);
    return isCode(file.path) && lines > ask && lines <= refuse
      ? [{ path: file.path, line: 0, message: `${lines} lines: can it be two files?` }]
      : [];
  });

const names: Rule = {
  name: 'names-say-what-is-inside',
  reason: 'A folder called by no subject gathers everything; file names are in kebab-case.',
  check: (files) =>
    files.flatMap(({ path }) => {
      const parts = path.split('/');
      const file = parts.pop() ?? '';
      const vague = parts.find((part) => /^(utils?|common|helpers?|base|managers?|misc|shared)$/.test(part));
      if (vague) return [{ path, line: 0, message: `folder "${vague}"` }];
      const isKebab = !isCode(file) || /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(file);
      return isKebab || file.endsWith('.py') ? [] : [{ path, line: 0, message: `file name "${file}"` }];
    }),
};

/** Rules about text, names and sizes. */
export const TEXT_RULES: readonly Rule[] = [switchedOff, unfinished, size, names];
