import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM_ARGUMENTS } from '../clients/chromium.ts';
import type { Counter } from '../clients/counters.ts';
import { freePort, type RunningServer, type ServerEngine } from '../harness/index.ts';
import { type LiveKitServer, startLiveKit } from '../livekit/server.ts';
import type { MediaEngine } from '../media/media-engines.ts';

/** Chromium's program; undefined: left out of this run. */
export const CHROMIUM = process.env.CALLGATE_TEST_CHROMIUM;

const WITNESS = join(import.meta.dirname, 'witness.js');

/** How a browser window looks. */
export interface Look {
  width: number;
  height: number;
  scheme: 'light' | 'dark';
}

export const WIDE: Look = { width: 1280, height: 800, scheme: 'light' };
export const PHONE: Look = { width: 390, height: 844, scheme: 'light' };

/** Somebody with the call page open. */
export interface Visitor {
  page: Page;
  /** What the browser complained of: errors of scripts and of the policy. */
  complaints: string[];
  /** RTP packets of the page, as a witness outside of it counts them. */
  sent(kind: 'audio' | 'video'): Counter;
  received(kind: 'audio' | 'video'): Counter;
  close(): Promise<void>;
}

/** A server with its page, with the media server of its engine or without one (a bare `ServerEngine`), and a browser. */
export interface PlayWorld {
  server: RunningServer;
  /** The two links that the last start made. */
  links(): { host: string; participant: string };
  /** A call of its own with a link for its host, one for an ordinary person, and what else a case needs of it. */
  call(type?: string, data?: object): Promise<{ cid: string; host: string; participant: string }>;
  /** By a server token: the person is out of the call. */
  kick(cid: string, userId: string): Promise<unknown>;
  /** A window of its own with the link open. */
  open(link: string, look?: Look): Promise<Visitor>;
  /** Opens the link and joins under the name. */
  join(link: string, name: string, look?: Look): Promise<Visitor>;
  close(): Promise<void>;
}

/** Starts everything, with the media server inside that `npm start` has, or LiveKit; whoever starts it closes it. */
export async function openPlayWorld(engine: ServerEngine | MediaEngine): Promise<PlayWorld> {
  const port = await freePort();
  const isEmbedded = 'isEmbedded' in engine && engine.isEmbedded;
  const livekit =
    'isEmbedded' in engine && !isEmbedded
      ? await startLiveKit({ isEmbedded, webhookUrl: `http://127.0.0.1:${port}/livekit/webhook` })
      : undefined;
  const inside = isEmbedded && { CALLGATE_MEDIA: 'embedded', CALLGATE_RTC_PORT: `${await freePort()}` };
  const server = await engine
    .start({ port, env: { ...livekit?.env, ...inside, CALLGATE_PLAY: 'on' } })
    .catch(async (error: unknown) => {
      await livekit?.stop();
      throw error;
    });
  const browser = await launch(server, livekit);
  const contexts = new Set<BrowserContext>();
  const open: PlayWorld['open'] = async (link, look = WIDE) => {
    const visitor = await openWindow(browser, look);
    contexts.add(visitor.page.context());
    await visitor.page.goto(link);
    return visitor;
  };
  let calls = 0;
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const reply = await server.api('POST', `/api/v2${path}`, { body });
    if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  return {
    server,
    links: () => linksOf(server),
    async call(type = 'default', data = {}) {
      const cid = `${type}:case-${++calls}`;
      const path = `/video/call/${cid.replace(':', '/')}`;
      await post('/users', { users: { owner: { id: 'owner' } } });
      await post(path, { data: { created_by_id: 'owner', ...data } });
      const link = async (role: string) => String((await post(`${path}/play_links`, { role })).url);
      return { cid, host: await link('host'), participant: await link('call_member') };
    },
    kick: (cid, userId) => post(`/video/call/${cid.replace(':', '/')}/kick`, { user_id: userId }),
    open,
    async join(link, name, look) {
      const visitor = await open(link, look);
      await visitor.page.getByLabel('Your name').fill(name);
      await visitor.page.getByRole('button', { name: 'Join the call' }).click();
      await visitor.page
        .getByRole('list', { name: 'People in the call' })
        .getByText(`${name} (you)`)
        .waitFor();
      return visitor;
    },
    async close() {
      await browser.close();
      await server.discard();
      await livekit?.stop();
    },
  };
}

async function launch(server: RunningServer, livekit: LiveKitServer | undefined): Promise<Browser> {
  try {
    return await chromium.launch({
      ...(CHROMIUM && { executablePath: CHROMIUM }),
      headless: true,
      args: [...CHROMIUM_ARGUMENTS, '--auto-select-desktop-capture-source=Entire screen'],
    });
  } catch (error) {
    await server.discard();
    await livekit?.stop();
    throw error;
  }
}

async function openWindow(browser: Browser, { width, height, scheme }: Look): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    permissions: ['camera', 'microphone'],
    isMobile: width < 600,
    hasTouch: width < 600,
  });
  await context.addInitScript({ path: WITNESS });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const counter =
    (direction: 'sent' | 'received') =>
    (kind: 'audio' | 'video'): Counter =>
    () =>
      page.evaluate(`packets(${JSON.stringify(direction)}, ${JSON.stringify(kind)})`);
  return {
    page,
    complaints,
    sent: counter('sent'),
    received: counter('received'),
    close: () => context.close(),
  };
}

/** The harness is no terminal: the links are in the file. */
function linksOf(server: RunningServer): { host: string; participant: string } {
  const text = readFileSync(join(server.dataDir, 'play-links.txt'), 'utf8');
  const [host = '', participant = ''] = text.match(/http\S+link=\S+/g) ?? [];
  return { host, participant };
}
