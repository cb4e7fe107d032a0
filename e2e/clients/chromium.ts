import { type Browser, chromium } from 'playwright-core';
import type { ClientEngine } from './media-client.ts';
import { type LivekitClientPackage, startPageServer, versionOf } from './page-server.ts';
import { remoteClient } from './remote-client.ts';

/** Fake devices, and nothing that speaks to anybody but loopback. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
];

/** The page gives its command by then on a machine of two busy cores. */
const LOADED_WITHIN_MS = 30_000;

/**
 * Clients in one headless Chromium, each a page in a context of its own. `executablePath` is Chromium's program.
 * The browser starts with the first client; its data folder is a temporary one.
 */
export function chromiumClients(executablePath: string, sdk: LivekitClientPackage): ClientEngine {
  let running: Promise<{ browser: Browser; origin: string; stop(): Promise<void> }> | undefined;

  const start = async () => {
    const pages = await startPageServer();
    const browser = await chromium
      .launch({ executablePath, headless: true, args: CHROMIUM_ARGUMENTS })
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
    name: `chromium ${sdk}`,
    async open() {
      running ??= start();
      const { browser, origin } = await running;
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${origin}/${sdk}`);
      await page.waitForFunction('globalThis.command !== undefined', undefined, {
        timeout: LOADED_WITHIN_MS,
      });
      return remoteClient({
        name: `chromium, livekit-client ${await versionOf(sdk)}`,
        command: (name, args) => page.evaluate(`command(${JSON.stringify(name)}, ${JSON.stringify(args)})`),
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
