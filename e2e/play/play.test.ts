import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { countsName } from '../../scripts/test-counts.ts';
import { rising, STRAYS_AFTER_MUTE, silent } from '../clients/index.ts';
import { mediaEngines } from '../media/media-engines.ts';
import { CHROMIUM, openPlayWorld, type PlayWorld, type Visitor } from './play-world.ts';

/** What an act's reply says where a media server is. */
const APPLIED = /applied in \d+ ms/;

// What a page does through the API is asked of both engines elsewhere; here at full counts.
const engines = countsName() === 'full' ? mediaEngines : mediaEngines.slice(0, 1);
for (const engine of CHROMIUM === undefined ? [] : engines) {
  describe(`chromium on ${engine.name}`, () => {
    let world: PlayWorld;
    let host: Visitor;
    let sara: Visitor;
    beforeAll(async () => {
      world = await openPlayWorld(engine);
    });
    afterAll(() => world?.close());
    beforeEach(async () => {
      const links = await world.call();
      host = await world.join(links.host, 'Hana');
      sara = await world.join(links.participant, 'Sara');
      await host.page.getByRole('group', { name: 'Acts on Sara' }).waitFor();
    });
    afterEach(async () => {
      await Promise.all([host.close(), sara.close()]);
    });

    const row = () =>
      host.page.getByRole('list', { name: 'In the call' }).getByRole('listitem').filter({ hasText: 'Sara' });
    const button = (who: Visitor, name: string | RegExp) => who.page.getByRole('button', { name });
    const menu = async (item: string | RegExp): Promise<void> => {
      await button(host, 'More acts on Sara').click();
      await host.page.getByRole('menuitem', { name: item }).click();
    };
    const told = (text: RegExp) => row().getByText(text).waitFor();

    test('[PLY13] [PLY18] the links of the start lead into one call, where both publish and receive', async () => {
      await Promise.all([host.close(), sara.close()]);
      const printed = world.links();
      host = await world.join(printed.host, 'Hana');
      sara = await world.join(printed.participant, 'Sara');
      expect((statSync(join(world.server.dataDir, 'play-links.txt')).mode & 0o777).toString(8)).toBe('600');
      expect(world.server.output()).not.toMatch(/link=/);
      for (const who of [host, sara]) {
        expect(who.page.url()).not.toMatch(/#|link|key/);
        for (const kind of ['audio', 'video'] as const) {
          await rising(who.sent(kind));
          await rising(who.received(kind));
        }
        expect(who.complaints).toEqual([]);
      }
    });

    test('[PLY19] [PLY20] a mute shows who did it, silences, and ends by an unmute of their own', async () => {
      expect(await sara.page.getByRole('group', { name: /Acts on/ }).count()).toBe(0);
      await rising(host.received('audio'));
      await button(host, 'Mute Sara').click();
      await told(APPLIED);
      await sara.page.getByText('Your microphone was muted by Hana.').waitFor();
      await silent(host.received('audio'), sara.sent('video'), { strays: STRAYS_AFTER_MUTE });
      await button(sara, /^Mic$/).click();
      await rising(host.received('audio'));
    });

    test('[PLY21] what is on request is asked for, granted, and sent', async () => {
      await host.page.getByRole('switch', { name: 'the camera' }).press('Space');
      await button(sara, 'Ask for camera').click();
      await host.page.getByRole('tab', { name: 'Requests (1)' }).click();
      await rising(host.sent('audio'), { by: 50 });
      const before = await host.received('video')();
      await button(host, 'Allow camera to Sara').click();
      await host.page.getByRole('status').filter({ hasText: APPLIED }).waitFor();
      await sara.page.getByText('You may use your camera now, says Hana.').waitFor();
      const camera = button(sara, 'Camera');
      if ((await camera.getAttribute('aria-pressed')) !== 'true') await camera.click();
      await rising(host.received('video'));
      expect(await host.received('video')()).toBeGreaterThan(before);
    });

    test('[PLY19] a right that is taken away is gone on both sides', async () => {
      await rising(host.received('video'));
      await menu('Take camera away');
      await told(APPLIED);
      await silent(host.received('video'), sara.sent('audio'));
      await button(sara, /Camera: your camera is not allowed here/).waitFor();
    });

    test('[PLY22] who is removed is told by whom and may come back; who is blocked may not', async () => {
      await button(host, 'Remove Sara').click();
      await sara.page.getByRole('heading', { name: 'You were removed from the call' }).waitFor();
      await sara.page.getByText('It was done by Hana.').waitFor();
      await silent(host.received('audio'), host.sent('audio'));
      await button(sara, 'Join again').click();
      await button(sara, 'Join the call').click();
      await rising(host.received('audio'));
      await menu('Block; they stay out');
      await sara.page.getByRole('heading', { name: 'You were blocked from this call' }).waitFor();
      expect(await button(sara, 'Join again').count()).toBe(0);
      await button(host, 'Let Sara in again').waitFor();
    });

    test('[PLY22] the end is told to everybody', async () => {
      await button(host, 'Leave or end').click();
      await host.page.getByRole('menuitem', { name: 'End it for everybody' }).click();
      await sara.page.getByRole('heading', { name: 'The call has ended' }).waitFor();
      await host.page.getByRole('heading', { name: 'The call has ended' }).waitFor();
    });

    test('[PLY23] a reaction is seen, and a member who left is rung back in', async () => {
      await button(sara, 'React').click();
      await button(sara, 'Applause').click();
      await host.page.getByRole('img', { name: 'Sara: applause' }).waitFor();
      await sara.page.keyboard.press('Escape');
      await button(sara, 'Leave').click();
      await button(sara, 'Join again').click();
      await button(host, 'Ring Sara').click();
      const ringing = sara.page.getByRole('dialog', { name: 'Incoming call' });
      await ringing.getByText('Hana').waitFor();
      await ringing.getByRole('button', { name: 'Accept' }).click();
      await rising(host.received('audio'));
    });

    test('[PLY18] a screen is shared and seen', async () => {
      await button(sara, 'Screen').click();
      await host.page.getByText('Sara shares a screen').waitFor();
    });
  });
}
