import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freeTcpPort, mute, type Patient, patient, stranger } from '../../apps/cli/src/doctor/test-doctor.ts';
import { LIVEKIT, type LiveKitServer, startLiveKit } from '../livekit/server.ts';
import { plainProxy } from './plain-proxy.ts';

let machine: Patient;
beforeEach(async () => {
  machine = await patient();
});
afterEach(() => machine.discard());

const told = async (check: string, env: Record<string, string> = {}) => {
  Object.assign(machine.env, env);
  return (await machine.examine()).of(check).map(({ state, found }) => [state, found]);
};
const KEYS = { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: '4d7a90e1b6c3f82579d0a4e8c1b5f36270e9' };

test('[DCT13] a LiveKit that is not there, and one that does not answer, are faults', async () => {
  const nobody = { ...KEYS, LIVEKIT_URL: `ws://127.0.0.1:${await freeTcpPort()}` };
  expect(await told('media', nobody)).toEqual([
    ['fault', expect.stringMatching(/cannot be reached at ws.+: nobody listens/)],
  ]);
  const silent = await mute();
  const waiting = await told('media', { LIVEKIT_URL: silent.url });
  expect(waiting).toEqual([['fault', expect.stringMatching(/no answer in time/)]]);
  await silent.close();
});

test('[DCT13] something else in its place is a fault', async () => {
  const web = await stranger((_request, reply) => reply.end('hello'));
  expect(await told('media', { ...KEYS, LIVEKIT_URL: web.url })).toEqual([
    ['fault', expect.stringMatching(/does not speak as LiveKit does/)],
  ]);
  await web.close();
});

test('[DCT13] a public address without TLS is a warning, the key of development a fault', async () => {
  const env = { ...KEYS, LIVEKIT_API_KEY: 'devkey', LIVEKIT_URL: 'ws://livekit.invalid' };
  const findings = await told('media', env);
  expect(findings.slice(0, 2)).toEqual([
    ['fault', expect.stringMatching(/the key that every LiveKit has in development/)],
    ['warning', expect.stringMatching(/leads to livekit\.invalid without TLS/)],
  ]);
});

test('[DCT13] without LIVEKIT_URL there is nothing to ask', async () => {
  expect(await told('media')).toEqual([['ok', expect.stringMatching(/LIVEKIT_URL is not set/)]]);
});

if (LIVEKIT !== undefined)
  describe('beside LiveKit', () => {
    let livekit: LiveKitServer;
    let strict: LiveKitServer;
    beforeAll(async () => {
      livekit = await startLiveKit();
      strict = await startLiveKit({ autoCreate: false });
    });
    afterAll(async () => {
      await livekit.stop();
      await strict.stop();
    });

    test('[DCT13] a wrong secret and an unknown key are faults', async () => {
      const secret = { ...livekit.env, LIVEKIT_API_SECRET: KEYS.LIVEKIT_API_SECRET };
      expect(await told('media', secret)).toEqual([
        ['fault', expect.stringMatching(/refuses the key: its API/)],
      ]);
      expect(await told('media', { ...livekit.env, LIVEKIT_API_KEY: 'unknown' })).toEqual([
        ['fault', expect.stringMatching(/refuses the key/)],
      ]);
    });

    for (const [path, part] of [
      ['/rtc', 'signalling'],
      ['/twirp', 'API'],
    ] as const)
      test(`[DCT13] a proxy before it that does not pass ${path} on is a fault`, async () => {
        const proxy = await plainProxy(Number(new URL(livekit.url).port), { hides: path });
        try {
          const findings = await told('media', { ...livekit.env, LIVEKIT_URL: proxy.url });
          expect(findings).toEqual([['fault', expect.stringContaining(`as LiveKit does (${part})`)]]);
        } finally {
          await proxy.close();
        }
      });

    test('[DCT13] its own key is taken, also where rooms are not made by themselves, and no room is left', async () => {
      for (const server of [livekit, strict]) {
        expect(await told('media', server.env)).toEqual([['ok', expect.stringMatching(/takes the key/)]]);
        expect(await server.rooms.listRooms()).toEqual([]);
      }
      expect(await told('media-port', livekit.env)).toEqual([
        ['ok', expect.stringMatching(/goes through LiveKit/)],
      ]);
    });

    for (const [offMs, state] of [
      [0, 'ok'],
      [10_000, 'warning'],
      [-10_000, 'warning'],
      [3_600_000, 'fault'],
    ] as const)
      test(`[DCT16] a clock that is ${offMs} ms off LiveKit's is: ${state}`, async () => {
        machine.clockOffMs = offMs;
        expect(await told('clock', livekit.env)).toEqual([[state, expect.stringContaining("LiveKit's")]]);
      });
  });
