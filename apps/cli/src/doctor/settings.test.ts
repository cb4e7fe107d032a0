import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { API_SECRET, type Patient, patient } from './test-doctor.ts';

let machine: Patient;
beforeEach(async () => {
  machine = await patient();
});
afterEach(() => machine.discard());

const EXPLICIT = { CALLGATE_API_KEY: 'key', CALLGATE_API_SECRET: API_SECRET };
const OPEN = { HOST: '0.0.0.0', ...EXPLICIT };
const NAMED = 'https://calls.example.com';
const statesOf = async (check: string, env: Record<string, string>) => {
  Object.assign(machine.env, env);
  const { of } = await machine.examine({ stopped: true });
  return of(check).map(({ state, found }) => [state, found]);
};

for (const [what, env, expected] of [
  ['the server itself, open to all', OPEN, ['fault', /without TLS/]],
  [
    'a public address without TLS',
    { CALLGATE_PUBLIC_URL: 'http://calls.example.com' },
    ['fault', /without TLS/],
  ],
  ['loopback alone', {}, ['warning', /^Only this machine/]],
  ['a port beside the proxy', { ...OPEN, CALLGATE_PUBLIC_URL: NAMED }, ['warning', /^Beside the proxy/]],
  ['a proxy with TLS', { CALLGATE_PUBLIC_URL: NAMED }, ['ok', /was not asked/]],
] as const)
  test(`[DCT10] ${what} is: ${expected[0]}`, async () => {
    const [first] = await statesOf('public-url', env);
    expect(first).toEqual([expected[0], expect.stringMatching(expected[1])]);
  });

for (const [what, env, expected] of [
  ['a public address without a trusted proxy', { CALLGATE_PUBLIC_URL: NAMED }, ['fault', /trusts none/]],
  ['all addresses of IPv4', { CALLGATE_TRUSTED_PROXIES: '0.0.0.0/0' }, ['fault', /0\.0\.0\.0\/0/]],
  [
    'half of IPv4',
    { CALLGATE_TRUSTED_PROXIES: '127.0.0.1,128.0.0.0/1' },
    ['fault', /trusts 128\.0\.0\.0\/1:/],
  ],
  ['all addresses of IPv6', { CALLGATE_TRUSTED_PROXIES: '::/0' }, ['fault', /::\/0/]],
  [
    'a named proxy',
    { CALLGATE_PUBLIC_URL: NAMED, CALLGATE_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8,fd00::/16' },
    ['ok', /^Addresses are taken/],
  ],
] as const)
  test(`[DCT12] ${what} is: ${expected[0]}`, async () => {
    expect(await statesOf('proxy', env)).toEqual([[expected[0], expect.stringMatching(expected[1])]]);
  });

for (const [what, env, expected] of [
  [
    'none on loopback behind a proxy',
    { CALLGATE_PUBLIC_URL: NAMED },
    ['fault', /media stays on this machine/],
  ],
  [
    'none beside a public address',
    { ...OPEN, CALLGATE_PUBLIC_URL: NAMED },
    ['warning', /is not set: people/],
  ],
  [
    'a private one',
    { CALLGATE_PUBLIC_URL: NAMED, CALLGATE_RTC_IP: '10.0.0.5' },
    ['warning', /10\.0\.0\.5, a private/],
  ],
] as const)
  test(`[DCT15] ${what} as announced address is: ${expected[0]}`, async () => {
    const [, announced] = await statesOf('media-port', env);
    expect(announced).toEqual([expected[0], expect.stringMatching(expected[1])]);
  });

test('[DCT15] a public address, or none where nobody is elsewhere, is fine', async () => {
  expect(await statesOf('media-port', {})).toHaveLength(1);
  const set = { CALLGATE_PUBLIC_URL: NAMED, CALLGATE_RTC_IP: '203.0.113.10' };
  expect(await statesOf('media-port', set)).toHaveLength(1);
});

test('[DCT14] without a set port, one that is taken is a warning; with 0 there is none to take', async () => {
  const socket = createSocket('udp4');
  // Who has it already serves as well.
  await new Promise<void>((done) => socket.once('error', () => done()).bind(7882, '127.0.0.1', done));
  try {
    const [first] = await statesOf('media-port', { CALLGATE_RTC_PORT: '' });
    expect(first).toEqual(['warning', expect.stringMatching(/takes any other one/)]);
  } finally {
    socket.close();
  }
  expect(await statesOf('media-port', { CALLGATE_RTC_PORT: '0' })).toEqual([
    ['ok', expect.stringMatching(/any free/)],
  ]);
});

test('[DCT14] no media server at all is a warning', async () => {
  expect(await statesOf('media-port', { CALLGATE_MEDIA: 'none' })).toEqual([
    ['warning', expect.stringMatching(/joins answer without media/)],
  ]);
});

for (const [files, state] of [
  [10_511, 'fault'],
  [10_512, 'warning'],
  [20_512, 'ok'],
] as const)
  test(`[DCT24] ${files} open files for 10,000 connections are: ${state}`, async () => {
    machine.machine = { ...machine.machine, openFiles: async () => files };
    expect(await statesOf('limits', {})).toEqual([
      [state, expect.stringContaining(`may have ${files} files`)],
    ]);
  });
