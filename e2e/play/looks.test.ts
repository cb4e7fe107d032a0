import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPO } from '../harness/index.ts';
import { livekitEngines } from '../media/media-engines.ts';
import { seriousFindings } from './axe.ts';
import { CHROMIUM, type Look, openPlayWorld, PHONE, type PlayWorld, WIDE } from './play-world.ts';
import { throughStates } from './states.ts';

/** Pictures into docs/pictures: `all` of them, or the `chosen` states that documents show. */
const { CALLGATE_TEST_PICTURES: wanted } = process.env;
const CHOSEN = new Set(['lobby', 'call', 'people', 'requests', 'muted', 'removed']);
const PICTURES = join(REPO, 'docs/pictures');

const LOOKS: readonly [string, Look][] = [
  ['wide-light', WIDE],
  ['wide-dark', { ...WIDE, scheme: 'dark' }],
  ['phone-light', PHONE],
  ['phone-dark', { ...PHONE, scheme: 'dark' }],
];

const picture = async (page: Page, state: string, look: string): Promise<void> => {
  if (wanted === 'all' || (wanted === 'chosen' && CHOSEN.has(state)))
    await page.screenshot({ path: join(PICTURES, `${state}-${look}.png`) });
};

// What the page looks like does not depend on the engine beneath.
for (const engine of CHROMIUM === undefined ? [] : livekitEngines.slice(0, 1)) {
  describe('chromium, how the page looks', () => {
    let world: PlayWorld;
    beforeAll(async () => {
      world = await openPlayWorld(engine);
      mkdirSync(PICTURES, { recursive: true });
    });
    afterAll(() => world?.close());

    test.for(LOOKS)('[PLY26] axe finds nothing serious in any state, %s', async ([name, look]) => {
      const findings: string[] = [];
      const states: string[] = [];
      await throughStates(world, look, async (state, page) => {
        states.push(state);
        await picture(page, state, name);
        for (const found of await seriousFindings(page)) findings.push(`${state}: ${found}`);
      });
      expect(states.length).toBeGreaterThan(10);
      expect(findings).toEqual([]);
    });

    test.for(LOOKS)(
      '[PLY18] [PLY26] a page without a link, and one that was used, say so, %s',
      async ([name, look]) => {
        const { participant } = await world.call();
        await (await world.join(participant, 'Sara', look)).close();
        for (const [state, link, title] of [
          ['used', participant, 'This link does not work'],
          ['no-link', `${world.server.baseUrl}/play`, 'This page opens from a link'],
          ['unknown', participant.replace(/link=.*/, 'link=nobody-made-this-one'), 'This link does not work'],
        ] as const) {
          const visitor = await world.open(link, look);
          await visitor.page.getByRole('heading', { name: title }).waitFor();
          await picture(visitor.page, state, name);
          expect(await seriousFindings(visitor.page)).toEqual([]);
          await visitor.close();
        }
      },
    );
  });
}
