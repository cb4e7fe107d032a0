import { readFileSync } from 'node:fs';
import { loadConfig } from '@callgate/server/config.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../clients/counters.ts';
import { freePort, type RunningServer, startServer } from '../harness/index.ts';
import { knock, type SignalSocket } from '../media/signal.ts';
import { VOICE } from '../raw-client/counters.ts';
import { rawClient } from '../raw-client/raw-client.ts';

const RELAY = 'turn:calls.example.com:3478?transport=udp';
const PASSWORD = 'hidden-word';

describe('the media server inside', () => {
  let server: RunningServer | undefined;
  afterEach(async () => {
    await server?.discard();
    server = undefined;
  });
  /** A server on loopback with its media server; the port of its media. */
  const start = async (env: Record<string, string>): Promise<number> => {
    const port = await freePort();
    server = await startServer({
      env: { CALLGATE_MEDIA: 'embedded', CALLGATE_MEDIA_PORT: `${port}`, ...env },
    });
    return port;
  };

  /** The addresses on which a UDP port is open, as Linux writes them. */
  const boundOn = (port: number): string[] => {
    const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const lines = ['udp', 'udp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n'));
    const locals = lines
      .map((line) => line.trim().split(/\s+/)[1] ?? '')
      .filter((local) => local.endsWith(suffix));
    return [...new Set(locals.map((local) => local.slice(0, -suffix.length)))];
  };
  const LOOPBACK = '0100007F';

  /** Sara's media connection, as far as its signalling. */
  const join = async (): Promise<SignalSocket> => {
    if (!server) throw new Error('no server');
    await server.api('POST', '/api/v2/users', { body: { users: { sara: { id: 'sara' } } } });
    const path = '/api/v2/video/call/default/standup';
    await server.api('POST', path, { body: { data: { created_by_id: 'sara' } } });
    const joined = await server.api<{ credentials: { url: string; token: string } }>('POST', `${path}/join`, {
      body: { user_id: 'sara' },
    });
    const { url, token } = joined.body.credentials;
    const knocked = await knock(url, token);
    if (!('socket' in knocked)) throw new Error(`not let in: ${JSON.stringify(knocked)}`);
    return knocked.socket;
  };

  if (process.platform === 'linux')
    test('[ONE13] without an address for clients it takes media on loopback alone, with one on every address', async () => {
      /** It opens its port for the first client. */
      const openedOn = async (env: Record<string, string>): Promise<string[]> => {
        const port = await start(env);
        const client = await rawClient(await join(), 'sara');
        client.publish(VOICE);
        const found = await until('the port is open', async () => boundOn(port).length > 0 && boundOn(port));
        client.close();
        await server?.discard();
        server = undefined;
        return found;
      };
      expect(await openedOn({})).toEqual([LOOPBACK]);
      const open = await openedOn({ CALLGATE_MEDIA_ADDRESS: '127.0.0.1' });
      expect(open).not.toContain(LOOPBACK);
      expect(open.some((address) => /^0+$/.test(address))).toBe(true);
    });

  test('[ONE14] what is no STUN or TURN server is refused without its password', () => {
    for (const wrong of [
      RELAY,
      `${RELAY} callgate`,
      `${RELAY} callgate ${PASSWORD} more`,
      `https://calls.example.com callgate ${PASSWORD}`,
      `stun:calls.example.com callgate ${PASSWORD}`,
    ]) {
      const load = () => loadConfig({ CALLGATE_MEDIA_ICE_SERVERS: wrong }, '/');
      expect(load).toThrow(/^CALLGATE_MEDIA_ICE_SERVERS must be a list of stun:/);
      expect(load).not.toThrow(new RegExp(PASSWORD));
    }
  });

  test('[ONE14] clients are told of STUN and TURN servers when they join', async () => {
    await start({ CALLGATE_MEDIA_ICE_SERVERS: `stun:calls.example.com:3478, ${RELAY} callgate ${PASSWORD}` });
    const socket = await join();
    const { message } = await socket.until('join');
    if (message.case !== 'join') throw new Error('no join');
    const told = message.value.iceServers.map(({ urls, username, credential }) => ({
      urls,
      username,
      credential,
    }));
    expect(told).toEqual([
      { urls: ['stun:calls.example.com:3478'], username: '', credential: '' },
      { urls: [RELAY], username: 'callgate', credential: PASSWORD },
    ]);
    socket.close();
  });
});
