import type { SourceFile } from 'typescript';

/** One file of the repository as the rules see it. */
export interface CheckedFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The syntax tree of a TypeScript or JavaScript file. */
  readonly source: SourceFile | undefined;
}

/** A place that breaks a rule. */
export interface Finding {
  readonly path: string;
  /** From 1; 0 when the whole file or tree is meant. */
  readonly line: number;
  readonly message: string;
}

/** One rule of the sources, checked over all files at once. */
export interface Rule {
  readonly name: string;
  /** Why we keep it; printed with its findings. */
  readonly reason: string;
  check(files: readonly CheckedFile[]): Finding[];
}

/** Tests and what supports them; they may read the environment and the machine's time. */
export const isTestCode = (path: string): boolean =>
  /\.(test|suite|fake)\.ts$|\/test-[^/]+\.ts$|\/test\/|^(bench|e2e|scripts)\/|\.config\.ts$/.test(path);

/** A rule that looks at one line of text after the other. */
export function lineRule(
  name: string,
  reason: string,
  pattern: RegExp,
  applies: (path: string) => boolean = () => true,
): Rule {
  const find = ({ path, text }: CheckedFile): Finding[] =>
    text.split('\n').flatMap((line, index) => {
      const match = pattern.exec(line);
      return match ? [{ path, line: index + 1, message: match[0].trim() }] : [];
    });
  return { name, reason, check: (files) => files.filter((file) => applies(file.path)).flatMap(find) };
}
