import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { type Location, openReader } from '@callgate/server/storage/reader.ts';
import { type TestEngine, testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RunningServer, startServer } from '../harness/index.ts';

const ENTRY = join(import.meta.dirname, '../crash/entry.ts');
const MINUTE_MS = 60_000;
/** What is left of a ban's minute for the real clock, in milliseconds. */
const REST_MS = 3_000;

interface End {
  at: number;
  user: string;
  expired: boolean;
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      world = await open(engine);
    });
    afterEach(() => world.discard());

    test('[BAN20] [TIM1] by the real clock a ban ends within a second of its time, told once', async () => {
      const { server, ends } = world;
      const expires = await world.ban('sara');
      // All of the minute but its last seconds passes at once.
      await writeFile(join(server.dataDir, 'clock-ahead'), String(expires - Date.now() - REST_MS));
      process.kill(server.pid, 'SIGALRM');
      expect(await ends()).toEqual([]);
      await vi.waitFor(async () => expect(await ends()).toHaveLength(1), { timeout: 20_000, interval: 50 });
      const [end] = await ends();
      expect(end).toMatchObject({ user: 'sara', expired: true });
      expect((end?.at ?? 0) - expires).toBeGreaterThanOrEqual(0);
      expect((end?.at ?? 0) - expires).toBeLessThan(1000);
      expect(await world.records()).toEqual(['system']);
    });

    test('[BAN20] [TIM3] what ends while the server is killed is told at the next start, once', async () => {
      const { server, ends } = world;
      await world.ban('sara');
      await world.ban('john');
      await server.kill();
      await server.start({ CRASH_CLOCK_AHEAD_MS: String(2 * MINUTE_MS) });
      await vi.waitFor(async () => expect(await ends()).toHaveLength(2), { timeout: 20_000, interval: 50 });
      await world.ban('bob');
      await server.kill();
      await server.start({ CRASH_CLOCK_AHEAD_MS: String(4 * MINUTE_MS) });
      await vi.waitFor(async () => expect(await ends()).toHaveLength(3), { timeout: 20_000, interval: 50 });
      expect((await ends()).map(({ user }) => user).sort()).toEqual(['bob', 'john', 'sara']);
      expect(await world.records()).toEqual(['system', 'system', 'system']);
    });
  });
}

/** A server of its own with some people, whose database is read beside it. */
async function open(engine: TestEngine) {
  const empty = await engine.createEmpty();
  const isSqlite = engine.name === 'sqlite';
  const server = await startServer({
    entry: ENTRY,
    readyWithinMs: 60_000,
    env: isSqlite ? {} : { DATABASE_URL: empty.location },
  });
  const location: Location = isSqlite ? { file: join(server.dataDir, SQLITE_FILE) } : { url: empty.location };
  const rows = async <R>(text: string): Promise<R[]> => {
    const reader = await openReader(location);
    try {
      return await reader.handle.run(rawStatement<R>(text));
    } finally {
      await reader.close();
    }
  };
  await created(server, '/api/v2/users', {
    users: Object.fromEntries(['sara', 'john', 'bob'].map((id) => [id, { id }])),
  });
  return {
    server,
    /** Bans for a minute; resolves with the end. */
    async ban(id: string): Promise<number> {
      await created(server, '/api/v2/moderation/ban', { target_user_id: id, timeout: 1 });
      const [ban] = await rows<{ expires_at: number }>(
        `select expires_at from bans where target_user_id = '${id}'`,
      );
      return Number(ban?.expires_at);
    },
    /** The ends of bans that were told. */
    async ends(): Promise<End[]> {
      const found = await rows<{ payload: string; created_at: number }>(
        `select payload, created_at from outbox where type = 'user.unbanned'`,
      );
      return found.map(({ payload, created_at }) => {
        const { user, expired } = JSON.parse(payload) as { user: { id: string }; expired: boolean };
        return { at: Number(created_at), user: user.id, expired };
      });
    },
    /** Who lifted bans, by the audit log. */
    async records(): Promise<string[]> {
      const found = await rows<{ actor_kind: string }>(
        `select actor_kind from audit_records where action = 'ban.remove'`,
      );
      return found.map((row) => row.actor_kind);
    },
    async discard(): Promise<void> {
      await server.discard();
      await empty.remove();
    },
  };
}

async function created(server: RunningServer, path: string, body: object): Promise<void> {
  const reply = await server.api('POST', path, { body });
  expect([reply.status, reply.body]).toEqual([201, expect.anything()]);
}
