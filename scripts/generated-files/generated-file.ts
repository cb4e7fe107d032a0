/** A committed file that is made from the sources and never edited. */
export interface GeneratedFile {
  /** From the root, with `/`. */
  readonly path: string;
  /** What making it needs beside npm's packages; the file is left alone where that is missing. */
  readonly needs?: 'postgres';
  /** The whole text. The same sources give the same text: no dates, no versions of this machine. */
  make(environment: NodeJS.ProcessEnv): Promise<string> | string;
}

/** The first line of a generated page. */
export const HEADING = '<!-- Made by `npm run generate` from the sources; do not edit. -->';

/** A Markdown table; `|` inside cells is escaped. */
export function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
