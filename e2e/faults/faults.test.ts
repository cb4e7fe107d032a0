import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTurn, type Turn } from '@callgate/server/kernel/turn.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { noteFigure } from '../../scripts/test-notes.ts';
import { REPO, serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { writeReport } from '../report-page.ts';
import { DOOR_FAULTS } from './door-faults.ts';
import type { PlantedFault } from './fault.ts';
import { MEDIA_FAULTS } from './media-faults.ts';
import { MESSAGE_FAULTS } from './message-faults.ts';
import { type Field, openField } from './plant.ts';
import { RETURN_FAULTS } from './return-faults.ts';
import { SERVICE_FAULTS, SERVICE_MEDIA_FAULTS } from './service-faults.ts';

/** The pages whose every rule binds at the media. */
const PAGES = [
  'gateway.md',
  'gateway-messages.md',
  'enforcement.md',
  'returns.md',
  'service-participants.md',
];
/** Rules that no fault in one place can break. */
const UNPLANTED: Readonly<Record<string, string>> = {
  RET4: 'every step of the door is a transaction: there is nothing to answer from while the database is away',
};
const hasPostgres = serverEngines.some(({ name }) => name === 'postgres');
const QUICK = [...MESSAGE_FAULTS, ...SERVICE_FAULTS];
const SLOW = [...DOOR_FAULTS, ...MEDIA_FAULTS, ...RETURN_FAULTS, ...SERVICE_MEDIA_FAULTS].filter(
  ({ onPostgres }) => hasPostgres || !onPostgres,
);
const FAULTS = [...QUICK, ...(LIVEKIT === undefined ? [] : SLOW)];
/** Copies of the project in which faults are planted at the same time: as many as other suites with servers run at once. */
const FIELDS = 2;
/** One run of vitest takes 2 s, with media up to 4 min, and may wait for two others. */
const TIMEOUT_MS = 900_000;

/** One that needs servers, and takes seconds: on every change it shows that they start in the copy. */
const FIRST = FAULTS.filter(({ rule }) => rule === 'GAT8');

/**
 * Of all faults as many as this run plants, beginning where the seed says; those that need media come at full counts, but
 * for one.
 */
function chosen(): readonly PlantedFault[] {
  const { plantedFaults } = testCounts();
  if (plantedFaults >= FAULTS.length) return FAULTS;
  const from = testSeed() % QUICK.length;
  return [...FIRST, ...QUICK.slice(from), ...QUICK].slice(0, plantedFaults);
}

test('[FLT1] every rule of what binds at the media has a planted fault', () => {
  const rules = PAGES.flatMap((page) =>
    [...readFileSync(join(REPO, 'docs/spec', page), 'utf8').matchAll(/^\* \*\*([A-Z]+\d+)\*\*/gm)].map(
      ([, rule]) => rule ?? '',
    ),
  );
  const planted = new Set([...QUICK, ...SLOW].map(({ rule }) => rule));
  expect(rules.length).toBeGreaterThan(40);
  expect(rules.filter((rule) => !planted.has(rule) && !Object.hasOwn(UNPLANTED, rule))).toEqual([]);
});

describe.concurrent('planted', { timeout: TIMEOUT_MS }, () => {
  const fields: Field[] = [];
  const turns = Array.from({ length: FIELDS }, createTurn);
  const seen: string[] = [];
  let ran = 0;
  beforeAll(() => {
    for (let count = 0; count < FIELDS; count++) fields.push(openField());
  });
  afterAll(() => {
    for (const field of fields) field.remove();
    if (ran < chosen().length) return;
    const figure = `planted faults: ${seen.length} of ${chosen().length} were seen by the tests of their rules (${[...new Set(seen)].join(', ')})`;
    noteFigure(figure);
    writeReport(
      'faults-report.md',
      'Planted faults',
      'What a rule forbids, planted in a copy of the sources (e2e/faults): the tests of the rule must fail. Written by the suite at full counts.',
      [figure],
    );
  });

  test.each(chosen())('[FLT2] the tests of $rule see that $what', async (planted) => {
    const at = ran++ % FIELDS;
    const turn = turns[at] as Turn;
    const { failed, text } = await turn(() => (fields[at] as Field).run(planted));
    expect(failed, text).toBeGreaterThan(0);
    seen.push(planted.rule);
  });
});
