import { noteFigure } from '../../scripts/test-notes.ts';
import { writeReport } from '../report-page.ts';

/** Notes a figure of the model, its faults or the races; at full counts it stands in docs/reference/model-report.md. */
export function reportFigure(figure: string): void {
  noteFigure(figure);
  writeReport(
    'model-report.md',
    'The model',
    'Written by `CALLGATE_TEST_COUNTS=full npm test e2e/model e2e/races`. Random histories and conflicting requests, held against a model of [the rules](../spec/model.md) that shares no code with the server.',
    [figure],
  );
}
