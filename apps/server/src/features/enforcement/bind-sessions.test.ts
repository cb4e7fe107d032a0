import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createOpenDoors, endSession, noMediaPlane, serviceRules } from '../media/index.ts';
import type { PolicyReader } from '../policy/index.ts';
import { bindSessions } from './bind-sessions.ts';
import { type ActsWorld, createActsWorld, id, joinMedia } from './test-acts.ts';

for (const engine of testEngines) {
  describe(`binding sessions on ${engine.name}`, () => {
    let world: ActsWorld;
    beforeEach(async () => {
      world = await createActsWorld(engine);
    });
    afterEach(() => world.close());

    it('[DOR1] who is ended by somebody else between (g) and (h) is removed before the reply', async () => {
      const session = await joinMedia(world, 'sara');
      world.deactivated.add(id('sara'));
      let asked = 0;
      // A client that leaves, say, at a node that is killed before it has removed anybody.
      const inCall: PolicyReader['inCall'] = async (...args) => {
        const answer = await world.policy.inCall(...args);
        if (asked++ === 0) await world.database.write((tx) => endSession(tx, session, 1, 'left'));
        return answer;
      };
      const removed: string[] = [];
      const bound = await bindSessions(
        {
          ...{ database: world.database, clock: world.clock, doors: createOpenDoors() },
          policy: { ...world.policy, inCall },
          services: serviceRules([], []),
          media: {
            ...noMediaPlane,
            remove: async ({ identity }) => {
              removed.push(identity);
              return { isThere: true, tracks: 0 };
            },
          },
          endings: { onSessionEnded: async () => [] },
          applyPolicy: async () => ({ isThere: false, tracks: 0, isRefused: false }),
          onEvents: () => undefined,
        },
        [{ userId: id('sara') }],
      );
      expect({ removed, ...bound }).toEqual({ removed: ['sara#1'], sessions: 1, tracks: 0, gone: [session] });
    });
  });
}
