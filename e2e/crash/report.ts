import { noteFigure } from '../../scripts/test-notes.ts';
import { writeReport } from '../report-page.ts';

const ABOUT =
  'Written by `CALLGATE_TEST_COUNTS=full npm test e2e/crash e2e/webhooks e2e/timers`. In each round the server is killed with SIGKILL under load, every second time at a named point and otherwise at a random instant, started again and held to [the rules of durability](../spec/durability.md).';

/** Notes what the kills of one suite on one engine came to; `finish` writes the page. */
export function createKillReport(): { note(figure: string, seed: number): void; finish(): void } {
  const figures: string[] = [];
  return {
    note(figure, seed) {
      figures.push(`${figure} (seed ${seed})`);
      noteFigure(figure);
    },
    finish: () => writeReport('crash-report.md', 'Killed under load', ABOUT, figures),
  };
}
