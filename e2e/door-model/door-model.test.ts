import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testCounts } from '../../scripts/test-counts.ts';
import { HARMLESS, POSSIBLE, RIGHT, type Told, WRONG } from './searches.ts';
import { type Found, search } from './spin.ts';

const { doorModelSize } = testCounts();
const spin = process.env.CALLGATE_TEST_SPIN ?? '';
/** One search takes seconds, of size 2 minutes; on a busy machine of two cores ten times that. */
const TIMEOUT_MS = 10 * 60 * 1000;

const searches = async (told: Told): Promise<Found[]> => {
  const defines = told.defines.split(' ').filter((name) => name !== '');
  const found: Found[] = [];
  for (const claim of told.claims.split(' ')) found.push(await search(spin, { ...told, defines, claim }));
  return found;
};

const demandRight = async (told: Told): Promise<void> => {
  for (const { isExhaustive, text } of await searches(told)) expect(isExhaustive, text).toBe(true);
};
const demandWrong = async (told: Told): Promise<void> => {
  for (const { isViolated, text } of await searches(told)) expect(isViolated, text).toBe(true);
};
const inSize = (told: readonly Told[]): Told[] => told.filter(({ size = 1 }) => size <= doorModelSize);

const SOURCES = resolve(import.meta.dirname, '../../apps/server/src');
/** The steps of the door, and of an act. */
const LETTERS = ['a', 'b', 'c', 'd', 'd2', 'e', 'f', 'g', 'h', 'i', 'j', 'k'];

test('[DOR11] the code names the steps by the letters of the model', () => {
  const files = globSync('{features/{calls,enforcement},gateway}/*.ts', { cwd: SOURCES });
  const code = files.map((file) => readFileSync(join(SOURCES, file), 'utf8')).join('\n');
  expect(LETTERS.filter((letter) => !code.includes(`(${letter})`))).toEqual([]);
});

describe.skipIf(spin === '')('spin', { timeout: TIMEOUT_MS }, () => {
  test.each(inSize(RIGHT.DOR1 ?? []))('[DOR1] nothing flows after an act has replied: $what', demandRight);
  test.each(inSize(RIGHT.DOR2 ?? []))('[DOR2] what is over stays over: $what', demandRight);
  test.each(inSize(RIGHT.DOR3 ?? []))('[DOR3] a committed decision comes to hold: $what', demandRight);
  test.each(inSize(RIGHT.DOR4 ?? []))('[DOR4] who may be there gets in: $what', demandRight);
  test.each(inSize(RIGHT.DOR5 ?? []))('[DOR5] there are as many as there are seats: $what', demandRight);
  test.each(inSize(RIGHT.DOR6 ?? []))('[DOR6] what is revoked is not forwarded: $what', demandRight);
  test.each(inSize(RIGHT.DOR7 ?? []))(
    '[DOR7] the media server comes to hold what is wanted: $what',
    demandRight,
  );
  test.each(inSize(RIGHT.DOR12 ?? []))('[DOR12] of several at once one is in: $what', demandRight);
  test.each(POSSIBLE)('[DOR8] the claims are not empty: $what', demandWrong);
  test.each(WRONG)('[DOR9] the model finds what is wrong: $what', demandWrong);
  test.each(HARMLESS)('[DOR10] the model knows what is harmless: $what', demandRight);
});
