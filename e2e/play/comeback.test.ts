import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countsName } from '../../scripts/test-counts.ts';
import { rising, silent } from '../clients/index.ts';
import { claimsOf } from '../livekit/bare-livekit.ts';
import { mediaEngines } from '../media/media-engines.ts';
import { CHROMIUM, openPlayWorld, type PlayWorld, type Visitor } from './play-world.ts';

/** One in two showed the page that kept one room of LiveKit's client for all its joins. */
const ROUNDS = countsName() === 'full' ? 20 : 2;

/** Whose join token it is: its subject is `<user id>#<session id>`. */
const userOf = (token: string): string => String(claimsOf(token).sub).split('#')[0] ?? '';

for (const engine of CHROMIUM === undefined ? [] : mediaEngines.slice(0, 1)) {
  describe(`chromium on ${engine.name}`, () => {
    let world: PlayWorld;
    beforeAll(async () => {
      world = await openPlayWorld(engine);
    });
    afterAll(() => world?.close());
    const button = ({ page }: Visitor, name: string) => page.getByRole('button', { name });

    const round = async (): Promise<void> => {
      const links = await world.call();
      const host = await world.join(links.host, 'Hana');
      const sara = await world.join(links.participant, 'Sara');
      await button(host, 'Remove Sara').click();
      await sara.page.getByRole('heading', { name: 'You were removed from the call' }).waitFor();
      await silent(host.received('audio'), host.sent('audio'));
      await button(sara, 'Join again').click();
      await button(sara, 'Join the call').click();
      await rising(host.received('audio'));
      // Longer than the page waits for news of a connection that was lost.
      await rising(host.received('audio'), { by: 300 });
      await Promise.all([host.close(), sara.close()]);
    };

    test('[PLY28] who is removed while their media is still being set up comes back at once, and is heard', async () => {
      for (let done = 0; done < ROUNDS; done++) await round();
    });

    test('[PLY30] who is removed before the answer to their join has come stays out when it comes', async () => {
      const links = await world.call();
      const { page, close } = await world.open(links.participant);
      const removed = Promise.withResolvers<void>();
      const joined = Promise.withResolvers<string>();
      await page.route('**/join?*', async (route) => {
        const response = await route.fetch();
        const { credentials } = (await response.json()) as { credentials: { token: string } };
        joined.resolve(userOf(credentials.token));
        await removed.promise;
        await route.fulfill({ response });
      });
      await page.getByLabel('Your name').fill('Sara');
      await page.getByRole('button', { name: 'Join the call' }).click();
      await world.kick(links.cid, await joined.promise);
      const heading = page.getByRole('heading', { name: 'You were removed from the call' });
      await heading.waitFor();
      const givenBack = page.waitForRequest('**/leave*');
      removed.resolve();
      await givenBack;
      expect(await heading.isVisible()).toBe(true);
      await close();
    });
  });
}
