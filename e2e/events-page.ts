import { noteFigure } from '../scripts/test-notes.ts';
import { writeReport } from './report-page.ts';

const ABOUT =
  'Written by `CALLGATE_TEST_COUNTS=full npm test e2e/cuts e2e/visibility`, and held to [the rules of sockets](../spec/sockets.md). **cuts**: eight clients listen while six lanes of acts go on; in each round their sockets are cut, held or taken over at random instants and right after replies, in one of four the server is killed with SIGKILL, and what everybody heard is held against the events in the database. **visibility**: in random histories of blocks, bans, roles, teams and grants each event that a socket heard is judged by a model of its own.';

/** Notes what one suite came to on one engine; `finish` writes the page. */
export function createEventsReport(): { note(figure: string, seed: number): void; finish(): void } {
  const figures: string[] = [];
  return {
    note(figure, seed) {
      figures.push(`${figure} (seed ${seed})`);
      noteFigure(figure);
    },
    finish: () => writeReport('events-report.md', 'Event sockets under random acts', ABOUT, figures),
  };
}
