import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { callgate } from '../../apps/cli/src/test-cli.ts';
import { freePort, type RunningServer, startServer } from '../harness/index.ts';
import { adapt, type Caddy, startCaddy } from './caddy.ts';
import { HAS_PROGRAMS } from './programs.ts';

if (HAS_PROGRAMS)
  describe('behind Caddy', () => {
    let caddy: Caddy;
    let server: RunningServer;
    let agent: Agent;
    const PERSON = '127.0.0.5';
    beforeAll(async () => {
      const port = await freePort();
      caddy = await startCaddy(port);
      // As compose.yaml sets them.
      const env = {
        ...{ CALLGATE_PUBLIC_URL: caddy.url, CALLGATE_TRUSTED_PROXIES: '127.0.0.1,::1' },
        CALLGATE_WEBHOOK_ALLOW_PRIVATE: 'true',
      };
      server = await startServer({ port, env });
      agent = new Agent({ localAddress: PERSON, connect: { ca: caddy.authority(), family: 4 } });
    });
    afterAll(async () => {
      await agent?.close();
      await server?.discard();
      await caddy?.stop();
    });

    const through = (path: string, headers: Record<string, string> = {}, more: object = {}) =>
      fetch(`${caddy.url}${path}`, { dispatcher: agent, headers, ...more });
    const withKey = (path: string) => `${path}?api_key=${server.apiKey}`;

    test('[ONE6] a Caddyfile without a name is refused, with one it is accepted', () => {
      expect(() => adapt({})).toThrow();
      expect(adapt({ CALLGATE_DOMAIN: 'calls.example.com' }).apps.http).toBeDefined();
    });

    test('[ONE6] requests come through as they are, by TLS', async () => {
      const refused = await through(withKey('/api/v2/app'), { authorization: 'nonsense' });
      expect([refused.status, await refused.json()]).toMatchObject([401, { StatusCode: 401 }]);
      const answered = await through(withKey('/api/v2/app'), { authorization: server.serverToken });
      expect([answered.status, await answered.json()]).toMatchObject([200, { app: expect.any(Object) }]);
      expect(answered.headers.get('strict-transport-security')).toBe('max-age=31536000');
      expect(answered.headers.get('x-request-id')).toEqual(expect.any(String));
    });

    test('[ONE6] a body larger than the server takes is refused, and the next request comes through', async () => {
      const body = JSON.stringify({ users: { sara: { id: 'sara', name: 'x'.repeat(2 * 1024 * 1024) } } });
      const headers = { authorization: server.serverToken, 'content-type': 'application/json' };
      const reply = await through(withKey('/api/v2/video/call/default/standup'), headers, {
        method: 'POST',
        body,
      });
      // The server answers and hangs up before all of it was sent; Caddy passes on whichever of the two it sees first.
      expect([413, 502]).toContain(reply.status);
      await reply.text();
      expect((await through('/healthz')).status).toBe(200);
    });

    const open = (path: string) =>
      new WebSocket(`${caddy.url.replace('https', 'wss')}${path}`, {
        ca: caddy.authority(),
        localAddress: PERSON,
        family: 4,
      });

    test('[ONE6] an event socket comes through', async () => {
      const socket = open(withKey('/api/v2/video/connect'));
      const first = new Promise<string>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('close', (code) => reject(new Error(`closed with ${code}`)));
        socket.once('message', (data) => resolve(String(data)));
      });
      socket.once('open', () => socket.send(JSON.stringify({ token: server.userToken('sara') })));
      expect(JSON.parse(await first)).toMatchObject({
        type: 'connection.ok',
        connection_id: expect.any(String),
      });
      socket.terminate();
    });

    test('[ONE6] the answer of the door comes through', async () => {
      const path = '/rtc?access_token=nonsense';
      const statusOf = (socket: WebSocket) =>
        new Promise<number>((resolve, reject) => {
          socket.once('open', () => reject(new Error('it was let in')));
          socket.once('error', () => undefined);
          socket.once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
        });
      const direct = await statusOf(new WebSocket(`${server.baseUrl.replace('http', 'ws')}${path}`));
      expect(direct).toBeGreaterThanOrEqual(400);
      expect(await statusOf(open(path))).toBe(direct);
    });

    test('[ONE7] the server sees the person, and not what the person says', async () => {
      for (const forged of ['203.0.113.9', '127.0.0.1', '203.0.113.9, 127.0.0.1']) {
        const id = `person-${forged.replace(/[^0-9]/g, '-')}`;
        const headers = {
          authorization: server.userToken(id),
          'content-type': 'application/json',
          'x-forwarded-for': forged,
        };
        await through(withKey('/api/v2/users/query'), headers, { method: 'POST', body: '{}' });
        const { body } = await server.api<{ logs: { address?: string; target_id?: string }[] }>(
          'GET',
          '/api/v2/moderation/logs',
          { query: { action: 'user.create' } },
        );
        expect(body.logs.find(({ target_id }) => target_id === id)?.address).toBe(PERSON);
      }
      const ready = await server.api<{ notes: string[] }>('GET', '/readyz');
      expect(ready.body.notes).toEqual([]);
    });

    test('[ONE8] /metrics and the reports of LiveKit are not for the world', async () => {
      for (const path of ['/metrics', '/livekit/webhook']) {
        const reply = await through(path, { authorization: server.serverToken });
        expect([path, reply.status, await reply.text()]).toEqual([path, 404, '']);
      }
    });

    test('[ONE9] the doctor does not trust a certificate of nobody, [DCT23] of webhooks either, and is content with a trusted one', async () => {
      const env = {
        ...{ PORT: new URL(server.baseUrl).port, CALLGATE_DATA_DIR: server.dataDir },
        ...{ CALLGATE_API_KEY: server.apiKey, CALLGATE_API_SECRET: server.apiSecret },
        ...{ CALLGATE_PUBLIC_URL: caddy.url, CALLGATE_TRUSTED_PROXIES: '127.0.0.1,::1' },
      };
      const examined = async (more: object, checks = ['public-url', 'proxy']) => {
        const ran = await callgate(['doctor', '--json'], { env: { ...env, ...more }, cwd: server.dataDir });
        const { findings } = JSON.parse(ran.out) as {
          findings: { check: string; state: string; found: string }[];
        };
        return findings.filter(({ check }) => checks.includes(check));
      };
      expect(await examined({})).toMatchObject([
        { state: 'fault', found: expect.stringMatching(/its certificate (comes from|is signed)/) },
        { state: 'ok' },
      ]);
      expect(await examined({ NODE_EXTRA_CA_CERTS: caddy.authorityFile })).toMatchObject([
        // Caddy's own authority gives certificates for 12 hours.
        {
          check: 'public-url',
          state: 'warning',
          found: expect.stringMatching(/^The certificate of .+ ends on/),
        },
        { check: 'proxy', state: 'ok' },
      ]);

      // Caddy plays a receiver of webhooks here.
      const hook = { hook_type: 'webhook', enabled: true, webhook_url: `${caddy.url}/hook` };
      await server.api('PATCH', '/api/v2/app', { body: { event_hooks: [hook] } });
      const allowed = { CALLGATE_WEBHOOK_ALLOW_PRIVATE: 'true' };
      expect(await examined(allowed, ['webhooks'])).toMatchObject([
        { state: 'warning', found: expect.stringMatching(/cannot be reached: its certificate/) },
      ]);
      expect(
        await examined({ ...allowed, NODE_EXTRA_CA_CERTS: caddy.authorityFile }, ['webhooks']),
      ).toMatchObject([{ state: 'ok' }]);
    });
  });
