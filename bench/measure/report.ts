import type { Line, Part, Target } from './result.ts';
import type { RunOptions } from './run-options.ts';

const table = (head: Line, lines: readonly Line[]): string =>
  [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

const targetLine = ({ name, wanted, measured, met }: Target): Line => [
  name,
  wanted,
  measured,
  met ? 'yes' : '**no**',
];

/** What the run was, for its reader. */
export interface Circumstances {
  machine: readonly string[];
  postgres: string;
  options: RunOptions;
}

/** The figures as Markdown, between the marks that `--write` replaces. */
export function figuresText(parts: readonly Part[], { machine, postgres, options }: Circumstances): string {
  const { rounds, seconds, warmUpSeconds } = options;
  const targets = parts.flatMap((part) => part.targets);
  return [
    `Machine: ${machine.join('; ')}. ${postgres}.`,
    `Settings: what is measured by rounds takes ${rounds} of ${seconds} s, in turn with its baseline, after ${warmUpSeconds} s of warm-up; ` +
      `medians over the rounds, ratios within a round. Server, baseline and load generator are processes of their ` +
      `own on one machine. Rate limits are raised by configuration; log level warn.`,
    '### Promised and measured',
    table(['', 'promised', 'measured', 'met'], targets.map(targetLine)),
    ...parts.flatMap(({ title, text, head, lines }) => [`### ${title}`, text, table(head, lines)]),
  ].join('\n\n');
}

const markOf = (which: 'begin' | 'end', what: string): string =>
  `<!-- figures: ${which} (npm run bench -- ${what} --write) -->`;

/** The page with the figures of `what` replaced; throws when their marks are not there. */
export function withFigures(page: string, what: string, figures: string): string {
  const mark = markOf('begin', what);
  const [begin, end] = [page.indexOf(mark), page.indexOf(markOf('end', what))];
  if (begin < 0 || end < begin) throw new Error(`the page has no marks: ${mark}`);
  return `${page.slice(0, begin)}${mark}\n\n${figures}\n\n${page.slice(end)}`;
}
