import { readFileSync } from 'node:fs';

/** A row of a markdown table by its headings. */
export type TableRow = Record<string, string>;

const spec = readFileSync(new URL('../../../../../docs/spec/permissions.md', import.meta.url), 'utf8');

/** The table in docs/spec/permissions.md that follows the rule. Throws when there is none before the next rule. */
export function tableAfter(rule: string): TableRow[] {
  const [, after] = spec.split(`**${rule}**`);
  const lines = (after ?? '').split(/\n\* \*\*|\n## /)[0]?.split('\n') ?? [];
  const [head, , ...rows] = lines.filter((line) => /^\s*\|/.test(line)).map(cells);
  if (!head || rows.length === 0) throw new Error(`docs/spec/permissions.md has no table after ${rule}`);
  return rows.map((row) => Object.fromEntries(head.map((name, column) => [name, row[column] ?? ''])));
}

const cells = (line: string): string[] =>
  line
    .trim()
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
