import type { Page } from 'playwright-core';
import { until } from '../clients/counters.ts';
import type { Look, PlayWorld, Visitor } from './play-world.ts';

/** A state of the page that is looked at: its name, and the page in it. */
export type Seen = (name: string, page: Page) => Promise<void>;

const has = (page: Page, selector: string, count: number): Promise<true> =>
  until(`${count} of ${selector}`, async () => (await page.locator(selector).count()) >= count && true);

/** Pictures run in every tile. */
const playing = (page: Page, pictures: number): Promise<true> =>
  until(
    `${pictures} pictures`,
    async () =>
      ((await page.evaluate(
        '[...document.querySelectorAll(".tile video")].filter((video) => video.videoWidth > 0).length',
      )) as number) >= pictures && true,
  );

/**
 * Leads a host and Sara through the states of the page, and shows each; what is looked at has the look given, the other
 * side is wide.
 */
export async function throughStates(world: PlayWorld, look: Look, seen: Seen): Promise<void> {
  const isPhone = look.width < 600;
  const { host: hostLink, participant } = await world.call('default', {
    custom: { title: 'Monday meeting' },
  });
  const lobby = await world.open(hostLink, look);
  await lobby.page.getByLabel('Your name').fill('Hana');
  await lobby.page.locator('.preview video:not([hidden])').waitFor();
  await seen('lobby', lobby.page);
  await lobby.page.getByRole('button', { name: 'Join the call' }).click();
  const host = lobby;
  const sara = await world.join(participant, 'Sara', look);
  await playing(host.page, 2);
  await seen('call', host.page);
  const panel = async (): Promise<void> => {
    if (isPhone) await host.page.getByRole('button', { name: /^People/ }).click();
    await host.page.getByRole('group', { name: 'Acts on Sara' }).waitFor();
  };
  const closePanel = async (): Promise<void> => {
    if (isPhone) await host.page.keyboard.press('Escape');
  };
  await panel();
  await host.page.getByRole('button', { name: 'Mute Sara' }).click();
  await has(host.page, '[data-row] [data-outcome=done]', 1);
  await seen('people', host.page);
  await host.page.getByRole('button', { name: 'More acts on Sara' }).click();
  await host.page.getByRole('menuitem', { name: 'Block; they stay out' }).waitFor();
  await seen('acts', host.page);
  await host.page.keyboard.press('Escape');
  await sara.page.getByText('was muted by Hana').waitFor();
  await seen('muted', sara.page);
  await asking(host, sara, seen);
  await closePanel();
  await leaving(host, sara, seen);
  await Promise.all([host.close(), sara.close()]);
}

async function asking(host: Visitor, sara: Visitor, seen: Seen): Promise<void> {
  await host.page.getByRole('switch', { name: 'the camera' }).press('Space');
  await sara.page.getByRole('button', { name: 'Ask for camera' }).click();
  await host.page.getByRole('tab', { name: 'Requests (1)' }).click();
  await host.page.getByRole('button', { name: 'Allow camera to Sara' }).waitFor();
  await seen('requests', host.page);
  await seen('asked', sara.page);
  await host.page.getByRole('button', { name: 'Allow camera to Sara' }).click();
  await host.page.getByRole('tab', { name: 'Activity' }).click();
  await host.page.getByRole('list', { name: 'Activity' }).getByText('Allow camera to Sara').waitFor();
  await seen('activity', host.page);
}

async function leaving(host: Visitor, sara: Visitor, seen: Seen): Promise<void> {
  await sara.page.getByRole('button', { name: 'Screen' }).click();
  await host.page.getByText('Sara shares a screen').waitFor();
  await until(
    'the shared screen',
    async () =>
      ((await host.page.evaluate(
        'document.querySelector(".shared-screen video")?.videoWidth ?? 0',
      )) as number) > 0,
  );
  await seen('screen', host.page);
  await host.page.getByRole('button', { name: 'Invite' }).click();
  await host.page.getByRole('button', { name: 'Copy the link' }).waitFor();
  await seen('invite', host.page);
  await host.page.keyboard.press('Escape');
  await sara.page.getByRole('button', { name: 'Leave' }).click();
  await sara.page.getByRole('button', { name: 'Join again' }).click();
  await sara.page.getByLabel('Your name').waitFor();
  const people = host.page.getByRole('tab', { name: 'People' });
  if (!(await people.isVisible())) await host.page.getByRole('button', { name: /^People/ }).click();
  await people.click();
  await host.page.getByRole('button', { name: 'Ring Sara' }).click();
  await sara.page.getByRole('dialog', { name: 'Incoming call' }).waitFor();
  await seen('ringing', sara.page);
  await sara.page.getByRole('button', { name: 'Accept' }).click();
  await host.page.getByRole('button', { name: 'Remove Sara' }).click();
  await sara.page.getByRole('heading', { name: 'You were removed from the call' }).waitFor();
  await seen('removed', sara.page);
}
