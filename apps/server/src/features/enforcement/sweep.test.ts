import type { SessionId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestEngine, testEngines } from '../../storage/test-databases.ts';
import { findSession, noMediaPlane, placeSession, serviceRules } from '../media/index.ts';
import { createSweep } from './sweep.ts';
import { type ActsWorld, CID, createActsWorld, joinMedia } from './test-acts.ts';

/** What stands in the row in the place of a participant. */
const turnOf = async ({ database }: ActsWorld, id: SessionId): Promise<string> =>
  (await database.read((snapshot) => findSession(snapshot, id)))?.participant_sid ?? '';

for (const engine of testEngines) {
  describe(`the sweep on ${engine.name}`, () => {
    let world: ActsWorld;
    beforeEach(async () => {
      world = await createActsWorld(engine);
    });
    afterEach(() => world.close());

    it('[DOR1] what it has missed is told with the participant that was missed, not with who came meanwhile', async () => {
      const session = await joinMedia(world, 'sara');
      const place = (participant_sid: string, turn: string) =>
        world.database.write((tx) => placeSession(tx, session, { boot_id: 'boot', participant_sid }, turn));
      await place('PA_old', await turnOf(world, session));
      const lost: [SessionId, string | null][] = [];
      let listed = 0;
      const sweep = createSweep({
        ...{ database: world.database, clock: world.clock, enforcement: world.enforcement },
        judge: { policy: world.policy, sources: world.sources, services: serviceRules([], []) },
        found: async () => false,
        logger: { error: () => undefined, warn: () => undefined },
        media: {
          ...noMediaPlane,
          configured: true,
          calls: async () => [CID],
          async participants() {
            if (++listed === 2) await place('PA_new', 'PA_old');
            return [];
          },
        },
        lost: async (id, sid) => void lost.push([id, sid]),
        node: 'one',
      });
      await sweep.run();
      world.clock.time += 15_000;
      await sweep.run();
      expect(lost).toEqual([[session, 'PA_old']]);
    });
  });
}

const postgres = testEngines.find(({ name }) => name === 'postgres');
describe.skipIf(!postgres)('the sweeps of two processes on one PostgreSQL', () => {
  let world: ActsWorld;
  beforeEach(async () => {
    world = await createActsWorld(postgres as TestEngine);
  });
  afterEach(() => world.close());

  /** A process whose media server shows nobody; `compared` counts its rounds, `lost` who it missed for too long. */
  const createProcess = (node: string) => {
    const seen = { compared: 0, lost: 0, isThere: false };
    const sweep = createSweep({
      ...{ database: world.database, clock: world.clock, enforcement: world.enforcement, node },
      judge: { policy: world.policy, sources: world.sources, services: serviceRules([], []) },
      logger: { error: () => undefined, warn: () => undefined },
      media: {
        ...noMediaPlane,
        configured: true,
        async calls() {
          seen.compared++;
          return [];
        },
        async participants() {
          const shown = { service: null, name: 'Sara', isHidden: false };
          const sara = { identity: 'sara#1', sid: 'PA', ...shown, holds: () => true };
          return seen.isThere ? [sara] : [];
        },
      },
      lost: async () => void seen.lost++,
      found: async () => false,
    });
    return { sweep, seen };
  };
  const after = (ms: number, { sweep }: ReturnType<typeof createProcess>) => {
    world.clock.time += ms;
    return sweep.run();
  };

  it('[ENF13] one of them compares; when it is gone the other does', async () => {
    const [one, two] = [createProcess('one'), createProcess('two')];
    for (let rounds = 0; rounds < 3; rounds++) {
      await after(2_500, one);
      await after(2_500, two);
    }
    expect([one.seen.compared, two.seen.compared]).toEqual([3, 0]);
    await after(4_499, two);
    expect(two.seen.compared).toBe(0);
    await after(1, two);
    expect(two.seen.compared).toBe(1);
    await after(0, one);
    expect(one.seen.compared).toBe(3);
    await two.sweep.close();
    await after(0, one);
    expect(one.seen.compared).toBe(4);
  });

  it('[ENF13] whoever takes over again has forgotten whom it missed before', async () => {
    await joinMedia(world, 'sara');
    const [one, two] = [createProcess('one'), createProcess('two')];
    await after(0, one);
    two.seen.isThere = true;
    await after(7_000, two);
    await after(5_000, one);
    await two.sweep.close();
    await after(5_000, one);
    expect([one.seen.lost, two.seen.lost]).toEqual([0, 0]);
    await after(7_500, one);
    await after(7_500, one);
    expect(one.seen.lost).toBe(1);
  });
});
