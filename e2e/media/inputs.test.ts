import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { type Change, INPUTS } from './inputs.ts';
import { heldOfSara, openStage } from './stage.ts';
import { type MediaWorld, openMediaWorld } from './world.ts';

const changes = Object.entries(INPUTS).flatMap(([name, change]) =>
  typeof change === 'string' ? [] : [[name, change] as [string, Change]],
);

for (const engine of LIVEKIT === undefined ? [] : serverEngines) {
  describe(engine.name, () => {
    let world: MediaWorld;
    beforeAll(async () => {
      world = await openMediaWorld(engine, rtcNodeClients(), { CALLGATE_TRUSTED_PROXIES: '127.0.0.1' });
    });
    afterAll(() => world.close());

    test.each(changes)('[ENF10] %s: its change is asked of who is in', async (_name, input) => {
      const stage = await openStage(world);
      await input.before?.(stage);
      const socket = await stage.enter(input.join ?? {}, input.byOwnToken ?? false);
      const held = await heldOfSara(world, stage.cid);
      expect(held).toBeDefined();
      if (typeof input.outcome !== 'string') expect(held && input.outcome(held)).toBe(false);
      try {
        const reply = await input.change(stage);
        // The sweep would do it, too: an act does it before it answers.
        const state = (reply as { enforcement?: { state: string } } | undefined)?.enforcement?.state;
        // `pending`: LiveKit took long; that it binds is waited for below.
        if (!input.later) expect(['applied', 'pending']).toContain(state);
        const isSo = async (): Promise<boolean> => {
          const now = await heldOfSara(world, stage.cid);
          if (typeof input.outcome === 'string') return now === undefined;
          return now !== undefined && input.outcome(now);
        };
        await until('the media server holds what policy says', isSo, 5_000);
        if (input.outcome === 'gone') expect(await socket.closed).toBe(1000);
      } finally {
        await input.after?.(stage);
        socket.close();
      }
    });
  });
}
