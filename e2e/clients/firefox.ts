import puppeteer, { type Browser } from 'puppeteer-core';
import type { ClientEngine } from './media-client.ts';
import { startPageServer, versionOf } from './page-server.ts';
import { remoteClient } from './remote-client.ts';

const PREFERENCES = {
  // Fake devices, without asking.
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  // Candidates of 127.0.0.1, by their address.
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  // Codecs that would be downloaded; and no names are looked up at all: 127.0.0.1 needs none.
  'media.gmp-manager.updateEnabled': false,
  'media.gmp-gmpopenh264.enabled': false,
  'network.dns.disabled': true,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'http://127.0.0.1:9/',
  // Pages behind the front one go on as it does.
  'dom.timeout.enable_budget_timer_throttling': false,
  'dom.min_background_timeout_value': 10,
  'media.suspend-background-video.enabled': false,
  'fission.webContentIsolationStrategy': 0,
};

/** Firefox starts slowly while other tests hold the cores. */
const STARTS_WITHIN_MS = 60_000;

/**
 * Clients in one headless Firefox over WebDriver BiDi, each a page in a context of its own, with the newest
 * livekit-client. `executablePath` is Firefox's program. It starts with the first client, on a temporary profile.
 */
export function firefoxClients(executablePath: string): ClientEngine {
  let running: Promise<{ browser: Browser; origin: string; stop(): Promise<void> }> | undefined;

  const start = async () => {
    const pages = await startPageServer();
    const browser = await puppeteer
      .launch({
        browser: 'firefox',
        executablePath,
        headless: true,
        timeout: STARTS_WITHIN_MS,
        extraPrefsFirefox: PREFERENCES,
      })
      .catch(async (error: unknown) => {
        await pages.close();
        throw error;
      });
    const stop = async () => {
      await browser.close();
      await pages.close();
    };
    return { browser, origin: pages.origin, stop };
  };
  return {
    name: 'firefox livekit-client',
    async open() {
      running ??= start();
      const { browser, origin } = await running;
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      await page.goto(`${origin}/livekit-client`);
      await page.waitForFunction('globalThis.command !== undefined', { timeout: STARTS_WITHIN_MS });
      return remoteClient({
        name: `firefox, livekit-client ${await versionOf('livekit-client')}`,
        command: async (name, args) =>
          String(await page.evaluate(`command(${JSON.stringify(name)}, ${JSON.stringify(args)})`)),
        close: () => context.close(),
      });
    },
    async origin() {
      running ??= start();
      return (await running).origin;
    },
    async stop() {
      const ending = running;
      running = undefined;
      await (await ending)?.stop();
    },
  };
}
