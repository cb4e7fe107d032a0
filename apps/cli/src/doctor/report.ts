import { VERSION } from '@callgate/server/http/version.ts';
import { toTime } from '@callgate/server/kernel/clock.ts';
import type { Finding } from './finding.ts';

/** A finding with the name of its check. */
export type Told = Finding & { readonly check: string };

const count = (told: readonly Told[], state: Finding['state']): number =>
  told.filter((finding) => finding.state === state).length;

/** For programs: one object on one line. */
export const reportJson = (told: readonly Told[], now: number): string =>
  `${JSON.stringify({
    checked_at: toTime(now),
    version: VERSION,
    faults: count(told, 'fault'),
    warnings: count(told, 'warning'),
    findings: told.map(({ check, ...finding }) => ({ check, ...finding })),
  })}\n`;

/** For people: a line per finding, what mends it beneath, and the sum. */
export function reportText(told: readonly Told[]): string {
  const lines = told.flatMap((finding) => {
    const line = `${finding.state.padEnd(7)}  ${finding.check.padEnd(10)}  ${finding.found}`;
    return finding.state === 'ok' ? [line] : [line, `${' '.repeat(21)}-> ${finding.mend}`];
  });
  const sum = `${many(count(told, 'fault'), 'fault')}, ${many(count(told, 'warning'), 'warning')}.`;
  return `${[...lines, '', sum].join('\n')}\n`;
}

const many = (n: number, what: string): string =>
  n === 0 ? `No ${what}s` : `${n} ${what}${n === 1 ? '' : 's'}`;
