import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { urlOf } from './banner.ts';
import { type Config, isLoopback } from './config.ts';
import { linksAtStart, type StartLinks } from './features/play-links/index.ts';
import type { CoreServices } from './services.ts';

/** Where links go when nobody watches a terminal, within the data folder; mode 600. */
export const PLAY_LINKS_FILE = 'play-links.txt';

/**
 * Whether a start makes links: always with `on`; with `auto` when the key and the secret are the server's own and it
 * answers this machine alone, so that nobody else could let anybody in.
 */
export const wantsStartLinks = ({ play, apiSecret, host }: Config): boolean =>
  play === 'on' || (play === 'auto' && apiSecret === null && isLoopback(host));

/**
 * Makes the links of this start and says what to print about them: the links themselves on a terminal, else the file
 * that holds them, because what a process prints ends up in logs. `origin` is where the page is.
 */
export async function startLinks(
  services: CoreServices,
  at: { port: number; isTerminal: boolean },
): Promise<string> {
  const { config, apiKey } = services;
  const links = await linksAtStart(services, { origin: urlOf(config, at.port), apiKey });
  const file = join(config.dataDir, PLAY_LINKS_FILE);
  // An older file first: its mode would be kept, and its links are void.
  rmSync(file, { force: true });
  if (at.isTerminal) return told(links);
  writeFileSync(file, `${told(links)}\n`, { mode: 0o600, flag: 'wx' });
  return `Two links into a call, each good once, are in ${file} (mode 600).`;
}

const told = ({ host, participant }: StartLinks): string =>
  [
    'Feel an act bind: open both in a browser, the second in a private window. Each is good once, for 24 hours.',
    '',
    `  As a host    ${host}`,
    `  As a user    ${participant}`,
  ].join('\n');
