import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RunningServer, startServer } from '../harness/index.ts';
import { openSocket, type SocketClient } from '../sockets/socket-client.ts';

const CALL = '/api/v2/video/call/default/ring';
const CANCEL_MS = 2_000;
const MISS_MS = 3_000;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let server: RunningServer;
    let removeDatabase: () => Promise<void>;
    beforeEach(async () => {
      const empty = await engine.createEmpty();
      removeDatabase = empty.remove;
      const env = engine.name === 'sqlite' ? {} : { DATABASE_URL: empty.location };
      server = await startServer({ readyWithinMs: 60_000, env });
      const ids = ['ann', 'bob', 'cleo', 'dan', 'eve'];
      await did('POST', '/api/v2/users', { users: Object.fromEntries(ids.map((id) => [id, { id }])) });
      await did('POST', '/api/v2/users/block', { user_id: 'dan', blocked_user_id: 'ann' });
    });
    afterEach(async () => {
      await server.discard();
      await removeDatabase();
    });

    const did = async (method: string, path: string, body: object, who?: string) => {
      const token = who === undefined ? {} : { token: server.userToken(who) };
      const reply = await server.api<{ call?: { session?: object } }>(method, path, { body, ...token });
      expect([reply.status < 300, reply.body]).toEqual([true, expect.anything()]);
      return reply.body;
    };
    const listen = (who: string): Promise<SocketClient> => {
      const query = new URLSearchParams({ api_key: server.apiKey });
      const url = `${server.baseUrl.replace('http', 'ws')}/api/v2/video/connect?${query}`;
      return openSocket(url, { token: server.userToken(who) });
    };
    const ring = (cancelMs: number, missMs: number) => {
      const times = { auto_cancel_timeout_ms: cancelMs, missed_call_timeout_ms: missMs };
      const members = ['ann', 'bob', 'cleo', 'dan', 'eve'].map((user_id) => ({ user_id }));
      const data = { members, settings_override: { ring: { incoming_call_timeout_ms: 1000, ...times } } };
      return did('POST', CALL, { ring: true, data }, 'ann');
    };
    const at = async (socket: SocketClient, type: string): Promise<number> =>
      Date.parse(String((await socket.until((message) => message.type === type)).created_at));

    test('[RNG3] [RNG5] [RNG14] [RNG15] by the real clock five people are rung, and each hears their part', async () => {
      const sockets = await Promise.all(['ann', 'bob', 'cleo', 'dan'].map(listen));
      const [ann, bob, cleo, dan] = sockets as [SocketClient, SocketClient, SocketClient, SocketClient];
      await ring(CANCEL_MS, MISS_MS);
      const rungAt = await at(bob, 'call.ring');
      await cleo.until(({ type }) => type === 'call.ring');
      await did('POST', `${CALL}/reject`, { reason: 'decline' }, 'cleo');
      const cancelledAt = Date.parse(
        String(
          (await ann.until(({ type, reason }) => type === 'call.rejected' && reason === 'timeout'))
            .created_at,
        ),
      );
      const missedAt = await at(bob, 'call.missed');
      for (const [late, due] of [
        [cancelledAt - rungAt, CANCEL_MS],
        [missedAt - rungAt, MISS_MS],
      ] as const) {
        expect(late).toBeGreaterThanOrEqual(due);
        expect(late).toBeLessThan(due + 1000);
      }
      expect(ann.types()).toEqual(['call.created', 'call.rejected', 'call.rejected']);
      expect(bob.types()).toEqual([
        'call.created',
        'call.ring',
        'call.rejected',
        'call.rejected',
        'call.missed',
      ]);
      expect(cleo.types()).toEqual(['call.created', 'call.ring', 'call.rejected', 'call.rejected']);
      // dan blocks ann: of her ringing he hears nothing, of what cleo does he does.
      expect(dan.types()).toEqual(['call.rejected']);
      await Promise.all(sockets.map((socket) => socket.close()));
    });

    test('[RNG14] [RNG15] a ring that runs out while the server is killed is told at the next start', async () => {
      await ring(CANCEL_MS, MISS_MS);
      await server.kill();
      await server.start({});
      const missed = async () => {
        const { call } = await did('POST', CALL, {}, 'ann');
        return Object.keys((call?.session as { missed_by?: object } | undefined)?.missed_by ?? {}).sort();
      };
      await vi.waitFor(async () => expect(await missed()).toEqual(['bob', 'cleo', 'eve']), {
        timeout: 20_000,
        interval: 100,
      });
      const late = await server.api('POST', `${CALL}/accept`, { body: {}, token: server.userToken('bob') });
      expect(late.status).toBe(400);
    });
  });
}
