import type { SessionId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
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
      });
      await sweep.run();
      world.clock.time += 15_000;
      await sweep.run();
      expect(lost).toEqual([[session, 'PA_old']]);
    });
  });
}
