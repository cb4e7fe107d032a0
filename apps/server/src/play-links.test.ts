import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { createWorld, type World } from './features/test/world.ts';
import { PLAY_LINKS_FILE, startLinks, wantsStartLinks } from './play-links.ts';
import { testEngines } from './storage/test-databases.ts';

for (const engine of testEngines) {
  describe(`links at start on ${engine.name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      mkdirSync(world.services.config.dataDir, { recursive: true });
    });
    afterEach(() => world.close());
    const file = () => join(world.services.config.dataDir, PLAY_LINKS_FILE);

    test('[PLY13] without a terminal the links are in a file of mode 600 and no secret is printed', async () => {
      const told = await startLinks(world.services, { port: 8080, isTerminal: false });
      expect(told).not.toMatch(/link=/);
      expect(told).toContain(file());
      expect((statSync(file()).mode & 0o777).toString(8)).toBe('600');
      const links = readFileSync(file(), 'utf8').match(
        /http:\/\/127\.0\.0\.1:8080\/play#key=\S+&link=[\w-]{43}/g,
      );
      expect(links).toHaveLength(2);
    });

    test('[PLY13] on a terminal they are printed, and no file stays', async () => {
      await startLinks(world.services, { port: 8080, isTerminal: false });
      const told = await startLinks(world.services, { port: 8080, isTerminal: true });
      expect(told.match(/link=[\w-]{43}/g)).toHaveLength(2);
      expect(existsSync(file())).toBe(false);
    });
  });
}

test('[PLY14] who has another way makes no links, unless told to', () => {
  const wants = (env: Record<string, string>) => wantsStartLinks(loadConfig(env, '/'));
  const own = { CALLGATE_API_KEY: 'key', CALLGATE_API_SECRET: 'a secret of the operator' };
  expect([wants({}), wants(own), wants({ ...own, HOST: '0.0.0.0' })]).toEqual([true, false, false]);
  expect([wants({ CALLGATE_PLAY: 'off' }), wants({ ...own, CALLGATE_PLAY: 'on' })]).toEqual([false, true]);
});
