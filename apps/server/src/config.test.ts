import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';
import { KEYS } from './config-keys.ts';

const SAMPLE = new URL('../../../callgate.config.sample.jsonc', import.meta.url);

describe('configuration', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'callgate-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const withFile = (content: string, env: Record<string, string> = {}) => {
    writeFileSync(join(folder, 'settings.json'), content);
    return loadConfig({ CALLGATE_CONFIG: 'settings.json', ...env }, folder);
  };
  const complaint = (load: () => unknown): string => {
    try {
      load();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return (error as Error).message;
    }
    throw new Error('was accepted');
  };

  test('[OPR2] unknown variables and keys are refused by name', () => {
    expect(complaint(() => loadConfig({ CALLGATE_NONSENSE: 'hush', CALLGATE_PORT: '1' }, folder))).toMatch(
      /^CALLGATE_NONSENSE, CALLGATE_PORT: no such setting/,
    );
    expect(complaint(() => withFile('{"port": 1, "nonsense": "hush"}'))).toMatch(/no such setting: nonsense/);
  });

  test.each([
    ['PORT', '80x'],
    ['PORT', '65536'],
    ['PORT', '080'],
    ['PORT', '1e3'],
    ['PORT', '-1'],
    ['DATABASE_URL', 'mysql://secret-value@host/db'],
    ['CALLGATE_API_SECRET', 'secret-value'],
    ['CALLGATE_LOG_LEVEL', 'secret-value'],
    ['CALLGATE_ALLOWED_ORIGINS', 'https://example.com/secret-value'],
    ['CALLGATE_ALLOWED_ORIGINS', '*'],
    ['CALLGATE_TRUSTED_PROXIES', '10.0.0.0/8,secret-value'],
    ['CALLGATE_WEBHOOK_ALLOW_PRIVATE', 'secret-value'],
    ['CALLGATE_PUBLIC_URL', 'ftp://secret-value'],
    ['CALLGATE_OUTBOX_DAYS', '3651'],
    ['CALLGATE_OUTBOX_DAYS', '0.5'],
  ])('[OPR3] %s=%s is refused naming the setting and not the value', (name, value) => {
    const message = complaint(() => loadConfig({ [name]: value }, folder));
    expect(message).toMatch(new RegExp(`^${name} must be `));
    expect(message).not.toContain(value);
  });

  test.each([
    ['{"port": "secret-value"}', /^port \(configuration file\) must be a whole number/],
    ['{"outbox_days": 0}', /^outbox_days \(configuration file\) must be a whole number from 1 to 3650/],
    ['{"port": 1.5}', /^port/],
    ['{"allowed_hosts": "a,b", "trusted_proxies": [5]}', /^trusted_proxies/],
    ['["secret-value"]', /must hold one JSON object/],
    ['{"port": secret-value}', /not valid JSON/],
  ])('[OPR3] the file %s is refused', (content, pattern) => {
    const message = complaint(() => withFile(content));
    expect(message).toMatch(pattern);
    expect(message).not.toContain('secret-value');
  });

  test('[OPR3] a file that is not there is refused by its path', () => {
    expect(complaint(() => loadConfig({ CALLGATE_CONFIG: 'none.json' }, folder))).toContain('none.json');
  });

  test.each(['0.0.0.0', '::', '192.168.1.5', 'calls.example.com'])(
    '[OPR5] HOST=%s needs an explicit key and secret',
    (host) => {
      const explicit = { CALLGATE_API_KEY: 'key', CALLGATE_API_SECRET: 'sixteen characters' };
      expect(complaint(() => loadConfig({ HOST: host }, folder))).toContain('CALLGATE_API_SECRET');
      expect(loadConfig({ HOST: host, ...explicit }, folder).host).toBe(host);
    },
  );

  test('[OPR5] the key and the secret come together or not at all', () => {
    expect(complaint(() => loadConfig({ CALLGATE_API_KEY: 'key' }, folder))).toContain('both or none');
  });

  test.each(['127.0.0.1', '127.0.0.9', '::1', 'localhost'])('[OPR5] HOST=%s is loopback', (host) => {
    expect(loadConfig({ HOST: host }, folder).host).toBe(host);
  });

  test('[OPR6] REDIS_URL is refused with a sentence', () => {
    expect(complaint(() => loadConfig({ REDIS_URL: 'redis://secret-value' }, folder))).toMatch(
      /later version/,
    );
  });

  test('[OPR6] LiveKit is named with address, key and secret or not at all', () => {
    const all = { LIVEKIT_URL: 'ws://127.0.0.1:7880', LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'secret' };
    for (const name of Object.keys(all)) {
      const { [name as keyof typeof all]: _, ...others } = all;
      expect(complaint(() => loadConfig(others, folder))).toMatch(/all three or none/);
    }
    const { livekitUrl, livekitApiKey, livekitApiSecret } = loadConfig(all, folder);
    expect([livekitUrl, livekitApiKey, livekitApiSecret]).toEqual(Object.values(all));
  });

  const RECORDER = 'recorder:egress:subscribe:a-secret-of-16-or-more';

  test.each([
    ['a-secret-of-16-or-more'],
    ['recorder:egress:a-secret-of-16-or-more'],
    ['recorder:egress:all:a-secret-of-16-or-more'],
    ['recorder:person:subscribe:a-secret-of-16-or-more'],
    ['recorder::subscribe:a-secret-of-16-or-more'],
    ['recorder:egress+:subscribe:a-secret-of-16-or-more'],
    [':egress:subscribe:a-secret-of-16-or-more'],
    ['recorder:egress:subscribe:too-short'],
    [`${RECORDER},a-secret-of-16-or-more`],
    [`${RECORDER},recorder:agent:publish:another-secret-of-16`],
  ])('[SVC17] CALLGATE_SERVICE_KEYS=%s is refused without the secret', (value) => {
    const message = complaint(() => loadConfig({ CALLGATE_SERVICE_KEYS: value }, folder));
    expect(message).toMatch(/^CALLGATE_SERVICE_KEYS/);
    expect(message).not.toMatch(/a-secret|too-short|another-secret/);
  });

  test('[SVC1] a key or a secret of LiveKit is none of a service', () => {
    const livekit = { LIVEKIT_URL: 'ws://127.0.0.1:7880', LIVEKIT_API_KEY: 'recorder' };
    for (const env of [
      { ...livekit, LIVEKIT_API_SECRET: 'other' },
      { ...livekit, LIVEKIT_API_KEY: 'other', LIVEKIT_API_SECRET: 'a-secret-of-16-or-more' },
    ])
      expect(complaint(() => loadConfig({ ...env, CALLGATE_SERVICE_KEYS: RECORDER }, folder))).toMatch(
        /^CALLGATE_SERVICE_KEYS: .* LiveKit/,
      );
  });

  test('[SVC17] keys of services are read from the environment and from the file', () => {
    const recorder = {
      key: 'recorder',
      secret: 'a-secret-of-16-or-more',
      kinds: ['egress'],
      publishes: false,
    };
    const bots = { key: 'my.bots', secret: 'with:colons:and+more', kinds: ['agent', 'sip'], publishes: true };
    const text = 'my.bots:agent+sip:publish:with:colons:and+more';
    const read = loadConfig({ CALLGATE_SERVICE_KEYS: `${RECORDER}, ${text}` }, folder);
    expect(read.serviceKeys).toEqual([recorder, bots]);
    expect(withFile(JSON.stringify({ service_keys: [RECORDER] })).serviceKeys).toEqual([recorder]);
    expect(() => Object.assign(read.serviceKeys[0] ?? {}, { publishes: true })).toThrow();
  });

  test('[SVC8] the kinds that may dial are all of them, those that are named, or none', () => {
    const kinds = (value: string) => loadConfig({ CALLGATE_SERVICE_KINDS: value }, folder).serviceKinds;
    expect(complaint(() => kinds('agent,standard'))).toMatch(/^CALLGATE_SERVICE_KINDS must be /);
    expect(kinds('')).toEqual(['agent', 'egress', 'ingress', 'sip', 'connector', 'bridge']);
    expect(kinds('agent, egress')).toEqual(['agent', 'egress']);
    expect(kinds('none')).toEqual([]);
  });

  test('[OPR1] the environment wins over the file, the file over the defaults; an empty variable is none', () => {
    const config = withFile('{\n // a comment\n "port": 1, "host": "::1", "allowed_hosts": ["a", "b"],\n}', {
      PORT: '2',
      CALLGATE_LOG_LEVEL: '',
    });
    expect([config.port, config.host, config.allowedHosts, config.logLevel]).toEqual([
      2,
      '::1',
      ['a', 'b'],
      'info',
    ]);
    expect(loadConfig({ CALLGATE_ALLOWED_HOSTS: 'a, b,' }, folder).allowedHosts).toEqual(['a', 'b']);
  });

  test('[OPR1] the result cannot be changed', () => {
    const config = loadConfig({ CALLGATE_ALLOWED_HOSTS: 'a' }, folder);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.allowedHosts)).toBe(true);
  });

  test('[OPR4] without settings: 127.0.0.1:8080 and .callgate in the folder', () => {
    const { host, port, dataDir } = loadConfig({ PATH: '/bin', HOME: '/root' }, folder);
    expect([host, port, dataDir]).toEqual(['127.0.0.1', 8080, join(folder, '.callgate')]);
  });

  test('[OPR7] the sample file is accepted as it is and says the defaults', () => {
    const sample = readFileSync(SAMPLE, 'utf8');
    expect(withFile(sample)).toEqual(loadConfig({}, folder));
    const named = new Set([...sample.matchAll(/^ {2}(?:\/\/ )?"([a-z_0-9]+)":/gm)].map((match) => match[1]));
    expect(named).toEqual(new Set(Object.values(KEYS).map(({ file }) => file)));
    expect(Object.keys(parse(sample)).length).toBeGreaterThan(10);
  });
});
