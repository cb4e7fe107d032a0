import { appendFileSync } from 'node:fs';

/**
 * Notes a figure of a test for the end of the run and for docs/reference, e.g.
 * `noteFigure('kill -9 on sqlite: 50 rounds, 5312 acknowledged acts, 0 lost, 0 doubled')`. One line.
 * Does nothing when the test runs outside `scripts/test.ts`.
 */
export function noteFigure(line: string): void {
  const file = process.env.CALLGATE_TEST_NOTES;
  if (file) appendFileSync(file, `${line.replaceAll('\n', ' ')}\n`);
}
