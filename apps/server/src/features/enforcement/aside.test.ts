import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { endSession, noMediaPlane, openSession, setSessionAside } from '../media/index.ts';
import { createActs } from './act.ts';
import { ASIDE_MS } from './bind-sessions.ts';
import { type ActsWorld, block, CID, createActsWorld, id, joinMedia, request } from './test-acts.ts';

for (const engine of testEngines) {
  describe(`sessions that were lost, on ${engine.name}`, () => {
    let world: ActsWorld;
    /** What the media server was asked. */
    let asked: string[];
    /** What happens while it answers. */
    let meanwhile: () => Promise<unknown>;
    let acts: ReturnType<typeof createActs>;
    let close: () => Promise<void>;
    beforeEach(async () => {
      world = await createActsWorld(engine);
      asked = [];
      meanwhile = async () => undefined;
      const answer = async (what: string) => {
        asked.push(what);
        await meanwhile();
        return { isThere: true, tracks: 1 };
      };
      const node = world.another({
        ...noMediaPlane,
        configured: true,
        apply: ({ identity }, { kinds }) => answer(`${identity} may send ${kinds.size > 0}`),
        remove: ({ identity }) => answer(`${identity} goes`),
      });
      close = () => node.close();
      acts = createActs({ ...world, enforcement: node });
    });
    afterEach(async () => {
      await close();
      await world.close();
    });

    const lost = async () => {
      const session = await joinMedia(world, 'sara');
      await world.database.write((tx) => setSessionAside(tx, session, world.clock.time));
      return session;
    };
    /** An act on Sara that shuts nobody out. */
    const change = () =>
      acts.perform(request(), async (act) => {
        act.enforce({ userId: id('sara'), cid: CID });
        return {};
      });

    test('[ENF20] who is shut out is removed', async () => {
      await lost();
      const { enforcement } = await acts.perform(request('mod'), block('sara'));
      expect(asked).toEqual(['sara#1 goes']);
      expect(enforcement).toMatchObject({ state: 'no_media', sessions: 0 });
    });

    test('[ENF20] who is shut out while the media server is told is removed', async () => {
      await lost();
      meanwhile = async () => {
        if (asked.length === 1) world.deactivated.add(id('sara'));
      };
      await change();
      expect(asked).toEqual(['sara#1 may send true', 'sara#1 goes']);
    });

    test('[ENF20] who may be in is told what must hold, and counts as nobody', async () => {
      await lost();
      const { enforcement } = await change();
      expect(asked).toEqual(['sara#1 may send true']);
      expect(enforcement).toMatchObject({ state: 'no_media', sessions: 0, tracks: 0 });
    });

    test('[ENF20] so is whoever comes back meanwhile', async () => {
      const session = await lost();
      meanwhile = () =>
        world.database.write((tx) =>
          openSession(tx, session, { address: null, node: 'x', turn: 'dialling:2' }),
        );
      await change();
      expect(asked).toEqual(['sara#1 may send true']);
      expect(await world.rows('media_sessions')).toMatchObject([{ state: 'pending' }]);
    });

    test('[ENF20] who was lost a minute ago, or whose session is over, is nobody to be told of', async () => {
      const session = await lost();
      world.clock.time += ASIDE_MS + 1;
      await change();
      expect(asked).toEqual([]);
      await world.database.write((tx) => endSession(tx, session, world.clock.time, 'left'));
      await change();
      expect(asked).toEqual(['sara#1 goes']);
    });
  });
}
