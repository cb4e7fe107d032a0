import { AccessToken } from 'livekit-server-sdk';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type PageServer, startPageServer } from '../clients/page-server.ts';
import { type SfuServer, startSfu } from './server.ts';

const { CALLGATE_TEST_CHROMIUM: program } = process.env;
const ARGUMENTS = [
  ...[
    '--no-sandbox',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--disable-gpu',
  ],
  ...['--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection'],
];
/** Of the three layers that livekit-client makes of a camera of 960 by 540. */
const WIDTHS = [320, 640, 960];
/** A browser that encodes three layers on a busy machine is slow to begin with the largest. */
const WAIT = { timeout: 40_000, interval: 200 };
const SIZE = { width: 960, height: 540, frameRate: 10 };

/** What the subscriber's browser says of the picture that comes. */
interface Picture {
  width: number;
  frames: number;
  lost: number;
}

describe.skipIf(!program)('a simulcast camera of Chromium', () => {
  let browser: Browser;
  let pages: PageServer;
  const servers: SfuServer[] = [];
  beforeAll(async () => {
    pages = await startPageServer();
    browser = await chromium.launch({ executablePath: program ?? '', headless: true, args: ARGUMENTS });
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    for (const server of servers.splice(0)) await server.stop();
  });
  afterAll(async () => {
    await browser.close();
    await pages.close();
  });

  async function joined(server: SfuServer, identity: string): Promise<Page> {
    const token = new AccessToken(server.apiKey, server.apiSecret, { identity });
    token.addGrant({ roomJoin: true, room: 'layers' });
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${pages.origin}/livekit-client`);
    await page.waitForFunction('globalThis.command !== undefined');
    await page.evaluate(
      `(async () => {
        globalThis.room = new LivekitClient.Room();
        await room.connect(${JSON.stringify(server.url)}, ${JSON.stringify(await token.toJwt())});
      })()`,
    );
    return page;
  }

  const publish = (page: Page): Promise<unknown> =>
    page.evaluate(
      `(async () => {
        const track = await LivekitClient.createLocalVideoTrack({ resolution: ${JSON.stringify(SIZE)} });
        await room.localParticipant.publishTrack(track, { simulcast: true, source: 'camera' });
      })()`,
    );

  const picture = (page: Page): Promise<Picture> =>
    page.evaluate(
      `(async () => {
        const [sender] = room.remoteParticipants.values();
        const track = sender?.videoTrackPublications.values().next().value?.track;
        const reports = track ? [...(await track.receiver.getStats()).values()] : [];
        const inbound = reports.find(({ type }) => type === 'inbound-rtp');
        return { width: inbound?.frameWidth ?? 0, frames: inbound?.framesDecoded ?? 0, lost: inbound?.packetsLost ?? 0 };
      })()`,
    );

  const wish = (page: Page, quality: number): Promise<unknown> =>
    page.evaluate(
      `[...room.remoteParticipants.values()][0].videoTrackPublications.values().next().value.setVideoQuality(${quality})`,
    );

  async function showsAndMoves(page: Page, width: number): Promise<void> {
    await vi.waitFor(async () => expect((await picture(page)).width).toBe(width), WAIT);
    const { frames } = await picture(page);
    await vi.waitFor(async () => expect((await picture(page)).frames).toBeGreaterThan(frames + 5), WAIT);
  }

  test.each([true, false])(
    '[SFM28] is shown in the quality that is wished for, newer path: %s',
    async (hasV1) => {
      const server = await startSfu({ hasV1 });
      servers.push(server);
      const sender = await joined(server, 'sender');
      const viewer = await joined(server, 'viewer');
      await publish(sender);
      await showsAndMoves(viewer, 960);
      for (const quality of [0, 1, 2, 0]) {
        await wish(viewer, quality);
        await showsAndMoves(viewer, WIDTHS[quality] ?? 0);
      }
      expect((await picture(viewer)).lost).toBeLessThan(10);
    },
  );
});
