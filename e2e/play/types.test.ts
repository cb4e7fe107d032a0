import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countsName } from '../../scripts/test-counts.ts';
import { rising } from '../clients/index.ts';
import { serverEngines } from '../harness/index.ts';
import { mediaEngines } from '../media/media-engines.ts';
import { CHROMIUM, openPlayWorld, type PlayWorld, type Visitor } from './play-world.ts';

const button = ({ page }: Visitor, name: string | RegExp) => page.getByRole('button', { name });

// What a page does through the API is asked of both engines elsewhere; here at full counts.
const engines = countsName() === 'full' ? mediaEngines : mediaEngines.slice(0, 1);
for (const engine of CHROMIUM === undefined ? [] : engines) {
  describe(`chromium on ${engine.name}, types of calls`, () => {
    let world: PlayWorld;
    beforeAll(async () => {
      world = await openPlayWorld(engine);
    });
    afterAll(() => world?.close());

    test.for(['audio_room', 'livestream'])(
      '[PLY25] a call of the type %s begins backstage and lets people speak on request',
      async (type) => {
        const links = await world.call(type);
        const host = await world.join(links.host, 'Hana');
        const sara = await world.open(links.participant);
        await sara.page.getByText('The host has not started yet').waitFor();
        await sara.page.getByLabel('Your name').fill('Sara');
        await button(sara, 'Join the call').click();
        await sara.page.getByRole('alert').filter({ hasText: 'You cannot join' }).waitFor();
        await button(host, 'Go live').click();
        await sara.page.getByText('The host has not started yet').waitFor({ state: 'detached' });
        await button(sara, 'Join the call').click();
        await button(sara, 'Ask for microphone').click();
        await host.page.getByRole('tab', { name: 'Requests (1)' }).click();
        await button(host, 'Allow microphone to Sara').click();
        await sara.page.getByText('You may use your microphone now, says Hana.').waitFor();
        await button(sara, /^Mic$/).click();
        await rising(host.received('audio'));
        await Promise.all([host.close(), sara.close()]);
      },
    );

    test('[PLY25] in a call where everybody may do everything, everybody sees the acts', async () => {
      const links = await world.call('development');
      const host = await world.join(links.host, 'Hana');
      const sara = await world.join(links.participant, 'Sara');
      await sara.page.getByRole('group', { name: 'Acts on Hana' }).waitFor();
      await button(sara, 'Remove Hana').click();
      const row = sara.page.getByRole('listitem').filter({ hasText: 'Hana' });
      await row
        .getByText(/higher|rank|lower/)
        .first()
        .waitFor();
      expect(await host.page.getByRole('heading', { name: /removed/ }).count()).toBe(0);
      await Promise.all([host.close(), sara.close()]);
    });
  });
}

for (const engine of CHROMIUM === undefined ? [] : serverEngines) {
  describe(`chromium on ${engine.name}, without a media server`, () => {
    let world: PlayWorld;
    beforeAll(async () => {
      world = await openPlayWorld(engine);
    });
    afterAll(() => world?.close());

    test('[PLY24] the page says that there is no media server, and everything else works', async () => {
      const links = await world.call();
      const host = await world.join(links.host, 'Hana');
      const sara = await world.open(links.participant);
      await sara.page.getByText('No media server is configured').waitFor();
      await sara.page.getByLabel('Your name').fill('Sara');
      await button(sara, 'Join the call').click();
      await button(sara, 'Mic: no media server is configured').waitFor();
      await button(host, 'Mute Sara').click();
      await host.page.getByRole('status').filter({ hasText: 'no media to bind' }).waitFor();
      await sara.page.getByText('Your microphone was muted by Hana.').waitFor();
      await button(host, 'Remove Sara').click();
      await sara.page.getByRole('heading', { name: 'You were removed from the call' }).waitFor();
      expect([...host.complaints, ...sara.complaints]).toEqual([]);
    });

    test('[PLY26] everything is done by keyboard: joining, an act of the menu, leaving', async () => {
      const links = await world.call();
      const sara = await world.join(links.participant, 'Sara');
      const { page } = await world.open(links.host);
      await page.getByLabel('Your name').waitFor();
      const to = async (label: RegExp): Promise<void> => {
        for (let presses = 0; presses < 60; presses++) {
          await page.keyboard.press('Tab');
          const focused = String(
            await page.evaluate(
              '(document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.labels?.[0]?.textContent ?? document.activeElement?.textContent) || ""',
            ),
          );
          if (label.test(focused)) return;
        }
        throw new Error(`nothing that says ${label} is reached by Tab`);
      };
      await to(/^Your name/);
      await page.keyboard.type('Hana');
      await page.keyboard.press('Enter');
      await page.getByRole('group', { name: 'Acts on Sara' }).waitFor();
      await to(/^More acts on Sara/);
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: 'Mute the camera' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await sara.page.getByText(/Your (microphone|camera) was muted by Hana/).waitFor();
      await to(/^Leave or end/);
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: 'Leave the call' }).waitFor();
      await page.getByRole('menuitem', { name: 'Leave the call' }).press('Enter');
      await page.getByRole('heading', { name: 'You left the call' }).waitFor();
    });
  });
}
