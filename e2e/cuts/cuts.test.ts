import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { between, pick, randomFrom } from '../crash/random.ts';
import { demand } from '../crash/state.ts';
import { createEventsReport } from '../events-page.ts';
import { CALLS, grant, LISTENERS, newVersion, prepare, runLane } from './acts.ts';
import { Listener, PATIENCE_MS } from './listener.ts';
import { live } from './live.ts';
import { doublesOf, goOn, isComplete, problemsOf } from './oracle.ts';
import { type Told, toldBehind } from './outbox.ts';
import { openStage, type Stage, until } from './stage.ts';

const ROUNDS = testCounts().cutRounds;
/** A connection can be resumed for 5 minutes. */
const TOO_LATE_MS = 5 * 60_000 + 1_000;

/** What goes through all rounds of a run. */
interface Run {
  stage: Stage;
  listeners: Listener[];
  random: () => number;
  versions: Map<string, number>;
  /** The place up to which everything was found right. */
  checked: number;
}

const nextVersion = ({ versions }: Run, cid: string): number => {
  const version = (versions.get(cid) ?? 0) + 1;
  versions.set(cid, version);
  return version;
};

/** Changes a call and answers the server's time. */
async function change(run: Run, cid: string): Promise<number> {
  const { method, path, body } = newVersion(cid, nextVersion(run, cid));
  const { call } = await demand<{ call: { updated_at: string } }>(run.stage.server, method, path, body);
  return Date.parse(call.updated_at);
}

/** One client is away for too long, while things happen; the others are silent for as long, and go on. */
async function missTooLong(run: Run): Promise<void> {
  const { stage, listeners, random } = run;
  const away = pick(random, listeners);
  away.cut('reset');
  await stage.noticedEnd(away.connectionId);
  for (const cid of CALLS) await change(run, cid);
  await stage.leap(TOO_LATE_MS, () => change(run, CALLS[0]));
  await away.connect('too late');
  stage.count('too late');
}

/** Acts go on while sockets end and come back, and perhaps the server is killed and started again. */
async function disturb(run: Run, kill: 'at a commit' | 'now' | undefined): Promise<void> {
  const { stage, listeners, random } = run;
  let isOver = false;
  const own = (): (() => number) => randomFrom(Math.floor(random() * 2 ** 31));
  const lanes = CALLS.flatMap((cid) => [
    runLane(stage, { cid, nextVersion: () => nextVersion(run, cid), random: own() }, () => isOver),
    runLane(stage, { cid, random: own() }, () => isOver),
  ]);
  const killed = kill && afterReplies(stage, between(random, 1, 60)).then(() => stage.restart(kill));
  await Promise.all(listeners.map((listener) => live(listener, stage, own())));
  await killed;
  if (kill) stage.count(`killed ${kill}`);
  isOver = true;
  await Promise.all(lanes);
}

async function afterReplies(stage: Stage, count: number): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise<void>((resolve) => stage.onReply(resolve));
}

/** Everybody is connected and hears something of everything that they listen to; answers all that was to be told. */
async function settle(run: Run): Promise<Told[]> {
  const { stage, listeners, checked } = run;
  await Promise.all(listeners.map((listener) => listener.recover()));
  for (const cid of CALLS) await change(run, cid);
  for (const userId of new Set(listeners.map((listener) => listener.userId))) {
    for (const isGranted of [true, false]) {
      const { method, path, body } = grant(CALLS[0], userId, isGranted);
      await demand(stage.server, method, path, body);
    }
  }
  await until(async () => (await stage.instant()).unplaced.size === 0);
  const rows = await toldBehind(stage.reader, checked);
  const deadline = performance.now() + PATIENCE_MS;
  const isMissing = (listener: Listener): boolean => !isComplete(listener.stretch, rows);
  while (listeners.some(isMissing) && performance.now() < deadline) {
    for (const listener of listeners.filter(isMissing)) if (!listener.isOpen) await listener.recover();
    await new Promise((next) => setTimeout(next, 5));
  }
  return rows;
}

/** Holds what everybody heard in the round against what was to be told; answers how many events that were. */
async function check(run: Run, hint: string): Promise<number> {
  const { stage, listeners } = run;
  const rows = await settle(run);
  const wrong = listeners.flatMap(({ name, stretches }) => [
    ...stretches.flatMap((stretch) => problemsOf(stretch, rows, name)),
    ...doublesOf(stretches, name),
  ]);
  expect([...stage.problems, ...wrong], hint).toEqual([]);
  run.checked = rows.at(-1)?.place ?? run.checked;
  let heard = 0;
  for (const listener of listeners) {
    for (const stretch of listener.stretches) heard += stretch.heard.length;
    listener.stretches = [listener.stretch];
    goOn(listener.stretch, run.checked);
  }
  return heard;
}

const report = createEventsReport();
afterAll(() => report.finish());

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[SOC29] sockets cut at random instants in ${ROUNDS} rounds: every stream is complete and without doubles`, {
      timeout: 120_000 + ROUNDS * 60_000,
    }, async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const stage = await openStage(engine, () => between(random, 1, 60));
      const run: Run = { stage, random, listeners: [], versions: new Map(), checked: 0 };
      let heard = 0;
      try {
        await prepare(stage);
        for (const who of LISTENERS) {
          const listener = await Listener.open(stage, who);
          run.listeners.push(listener);
          await listener.connect('resume');
          await listener.watchAll();
        }
        for (let round = 0; round < ROUNDS; round++) {
          const turn = (round + seed) % 8;
          if (turn % 4 === 1) await missTooLong(run);
          await disturb(run, turn === 3 ? 'at a commit' : turn === 7 ? 'now' : undefined);
          heard += await check(run, `round ${round}, seed ${seed}`);
        }
        const counts = Object.entries(stage.counts).map(([name, count]) => `${name} ${count}`);
        const figure = `cuts on ${engine.name}: ${ROUNDS} rounds (${counts.sort().join(', ')}), ${run.checked} events, heard ${heard} times, 0 lost, 0 doubled`;
        report.note(figure, seed);
      } finally {
        for (const listener of run.listeners) await listener.close();
        await stage.discard();
      }
    });
  });
}
