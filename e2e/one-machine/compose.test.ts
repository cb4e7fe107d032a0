import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '@callgate/server/config.ts';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { DEPLOY } from './programs.ts';

interface Service {
  image: string;
  environment?: Record<string, string>;
  volumes?: string[];
  cap_add?: string[];
  [key: string]: unknown;
}

const text = await readFile(join(DEPLOY, 'compose.yaml'), 'utf8');
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };

test('[ONE4] every service is read-only, without capabilities, in the network of the machine, with bounded logs', () => {
  expect(Object.keys(services)).toEqual(['callgate', 'caddy', 'coturn']);
  for (const [name, service] of Object.entries(services)) {
    expect([name, service]).toEqual([
      name,
      expect.objectContaining({
        network_mode: 'host',
        read_only: true,
        cap_drop: ['ALL'],
        restart: 'unless-stopped',
        logging: { driver: 'json-file', options: { 'max-size': '50m', 'max-file': '5' } },
        image: expect.stringMatching(/:\d+\.\d+\.\d+$/),
      }),
    ]);
    expect(service.ports).toBeUndefined();
    expect(service.privileged).toBeUndefined();
  }
  // Ports below 1024; coturn's program carries it in its file, and could not be started without.
  const added = Object.entries(services).map(([name, { cap_add }]) => [name, cap_add]);
  expect(added).toEqual([
    ['callgate', undefined],
    ['caddy', ['NET_BIND_SERVICE']],
    ['coturn', ['NET_BIND_SERVICE']],
  ]);
});

test('[ONE4] every variable stands in the sample, and nothing else does', async () => {
  const sample = await readFile(join(DEPLOY, 'settings.env.sample'), 'utf8');
  const named = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
  const offered = [...sample.matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name);
  expect(offered.sort()).toEqual([...named].sort());
});

/** As compose fills variables in. */
const filled = (value: string, env: Record<string, string>): string =>
  value.replace(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_all, name, kind, text) => env[name] ?? (kind === '-' ? text : ''),
  );

test('[ONE5] the server accepts the settings that compose gives, with and without LiveKit', () => {
  const { environment = {} } = services.callgate ?? {};
  const configOf = (env: Record<string, string>) =>
    loadConfig(
      Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filled(value, env)])),
      '/data',
    );
  const inside = {
    CALLGATE_DOMAIN: 'calls.example.com',
    CALLGATE_RTC_IP: '203.0.113.10',
    TURN_PASSWORD: 'word',
  };
  expect(() => configOf({ ...inside, LIVEKIT_URL: 'ws://127.0.0.1:7880' })).toThrow(/all three or none/);
  expect(configOf(inside)).toMatchObject({
    ...{ host: '127.0.0.1', port: 8080, publicUrl: 'https://calls.example.com' },
    ...{ media: null, rtcPort: 7882, rtcIp: '203.0.113.10', livekitUrl: null },
    trustedProxies: ['127.0.0.1', '::1'],
    iceServers: ['udp', 'tcp'].map((transport) => ({
      urls: [`turn:calls.example.com:3478?transport=${transport}`],
      ...{ username: 'callgate', credential: 'word' },
    })),
  });
  const livekit = {
    CALLGATE_MEDIA: 'none',
    LIVEKIT_URL: 'ws://127.0.0.1:7880',
    LIVEKIT_API_KEY: 'key',
    LIVEKIT_API_SECRET: 'x',
  };
  expect(configOf({ ...inside, ...livekit })).toMatchObject({ livekitApiKey: 'key' });
});
