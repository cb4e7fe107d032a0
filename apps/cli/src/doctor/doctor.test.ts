import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callgate } from '../test-cli.ts';
import { CHECKS } from './checks/index.ts';
import type { Check } from './facts.ts';
import { ok } from './finding.ts';
import { API_SECRET, mute, type Patient, type Planted, patient, stranger } from './test-doctor.ts';

let machine: Patient;
let planted: Planted[];
beforeEach(async () => {
  machine = await patient();
  planted = [];
});
afterEach(async () => {
  for (const one of planted) await one.close();
  machine.discard();
});
const plant = async (one: Promise<Planted>): Promise<Planted> => {
  planted.push(await one);
  return one;
};
const port = () => Number(machine.env.PORT);
const command = (...args: string[]) => callgate(['doctor', ...args], { env: machine.env, cwd: machine.cwd });

test('[DCT1] with a fault the exit code is 1, and what is not ok ends with what mends it', async () => {
  const { code, out, error } = await command();
  expect({ code, error }).toEqual({ code: 1, error: '' });
  expect(out).toMatch(/^fault {4}api {9}No server answers .+\n {21}-> Start it .+$/m);
  expect(out).toMatch(/\n\n1 fault, \d warnings?\.\n$/);
  const { findings } = await machine.examine();
  for (const finding of findings) {
    expect(finding.found).toMatch(/^\S.*\.$/s);
    if (finding.state !== 'ok') expect(finding.mend).toMatch(/^\S.*[.)]$/s);
  }
});

test('[DCT1] warnings alone are exit code 0, and every check says something', async () => {
  const { code, findings } = await machine.examine({ stopped: true });
  expect(findings.filter(({ state }) => state === 'fault')).toEqual([]);
  expect(findings.some(({ state }) => state === 'warning')).toBe(true);
  expect(code).toBe(0);
  expect(new Set(findings.map(({ check }) => check))).toEqual(new Set(CHECKS.map(({ name }) => name)));
});

test('[DCT2] --json prints one object and nothing else', async () => {
  const { code, out, error } = await command('--json', '--stopped');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  const told = JSON.parse(out);
  expect(Object.keys(told)).toEqual(['checked_at', 'version', 'faults', 'warnings', 'findings']);
  expect(told).toMatchObject({ checked_at: expect.stringMatching(/^\d{4}-.+Z$/), faults: 0 });
  expect(told.findings).toContainEqual({ check: 'api', state: 'ok', found: expect.any(String) });
  const warned = told.findings.filter(({ state }: { state: string }) => state === 'warning');
  expect(warned).toHaveLength(told.warnings);
  for (const { mend } of warned) expect(mend).toEqual(expect.any(String));
});

test('[DCT3] a check without an answer is a fault in its time and is told to stop; so is one that fails', async () => {
  let stopped = false;
  const endless: Check = {
    name: 'endless',
    run: (_facts, signal) => {
      signal.addEventListener('abort', () => {
        stopped = true;
      });
      return new Promise(() => undefined);
    },
  };
  const failing: Check = { name: 'failing', run: () => Promise.reject(new Error('it broke.')) };
  const fine: Check = { name: 'fine', run: async () => [ok('All is well.')] };
  const { code, findings } = await machine.examine({}, { checks: [endless, failing, fine], checkMs: 50 });
  expect(code).toBe(1);
  expect(findings).toEqual([
    {
      check: 'endless',
      state: 'fault',
      found: 'Nothing could be said within 0.05 s.',
      mend: expect.any(String),
    },
    {
      check: 'failing',
      state: 'fault',
      found: 'It could not be checked: it broke.',
      mend: expect.any(String),
    },
    { check: 'fine', state: 'ok', found: 'All is well.' },
  ]);
  expect(stopped).toBe(true);
});

test('[DCT3] a port that takes connections and never answers holds nobody up', async () => {
  await plant(mute(port()));
  const { of } = await machine.examine({}, { checkMs: 300 });
  expect(of('api')).toMatchObject([{ state: 'fault', found: expect.stringMatching(/no answer in time/) }]);
});

test('[DCT4] no secret is printed, and the token that leaves ran out in 1970', async () => {
  const tokens: string[] = [];
  const answers: Record<string, object> = { '/healthz': { status: 'ok' } };
  await plant(
    stranger(({ url = '', headers }, reply) => {
      if (headers.authorization) tokens.push(headers.authorization);
      reply.end(JSON.stringify(answers[url.split('?')[0] ?? ''] ?? {}));
    }, port()),
  );
  const secrets = {
    CALLGATE_METRICS_TOKEN: 'aaaabbbbccccddddeeeeffff',
    LIVEKIT_API_SECRET: 'livekit-secret-of-this-test',
    CALLGATE_SERVICE_KEYS: 'bots:agent:publish:bots-secret-of-this-test',
  };
  Object.assign(machine.env, secrets, { LIVEKIT_URL: 'ws://127.0.0.1:9', LIVEKIT_API_KEY: 'livekit-key' });
  const { out, error } = await command('--json');
  for (const secret of [API_SECRET, ...Object.values(secrets), 'bots-secret-of-this-test'])
    expect(out + error).not.toContain(secret);
  expect(tokens).toHaveLength(1);
  const claims = JSON.parse(Buffer.from(String(tokens[0]).split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toEqual({ server: true, iat: 0, exp: 1 });
});

for (const [env, complaint] of [
  [{ REDIS_URL: 'redis://127.0.0.1' }, /^REDIS_URL: several nodes/],
  [{ CALLGATE_RTC_PORTS: '1' }, /^CALLGATE_RTC_PORTS: no such setting/],
  [{ LIVEKIT_URL: 'ws://127.0.0.1:7880' }, /set all three or none/],
  [{ HOST: '0.0.0.0' }, /^HOST: listening on another address/],
] as const)
  test(`[DCT6] ${Object.keys(env)} that the server refuses is a fault, and nothing else is checked`, async () => {
    Object.assign(machine.env, env);
    const { code, findings } = await machine.examine();
    expect(code).toBe(1);
    expect(findings).toEqual([
      {
        check: 'settings',
        state: 'fault',
        found: expect.stringMatching(complaint),
        mend: expect.any(String),
      },
    ]);
  });

test('[DCT6] credentials that cannot be read are a fault of the settings', async () => {
  writeFileSync(join(machine.dataDir, 'credentials.json'), '{"api_key":');
  const { findings } = await machine.examine();
  expect(findings).toMatchObject([
    { check: 'settings', state: 'fault', found: expect.stringMatching(/credentials/) },
  ]);
});

test('[DCT7] nobody on the port is a fault; before a start it is none', async () => {
  const running = await machine.examine();
  expect(running.of('api')).toMatchObject([
    { state: 'fault', found: expect.stringMatching(/^No server answers on http.+: nobody listens there\.$/) },
  ]);
  const before = await machine.examine({ stopped: true });
  expect(before.of('api')).toMatchObject([{ state: 'ok' }]);
});

test('[DCT7] before a start a port that is taken, also by what does not speak HTTP, is a fault', async () => {
  const web = await plant(stranger((_request, reply) => reply.end('hello'), port()));
  expect((await machine.examine({ stopped: true })).of('api')).toMatchObject([
    { state: 'fault', found: expect.stringMatching(/answers on .+ already/) },
  ]);
  await web.close();
  await plant(mute(port()));
  expect((await machine.examine({ stopped: true }, { checkMs: 300 })).of('api')).toMatchObject([
    { state: 'fault', mend: expect.stringMatching(/has the port: stop it/) },
  ]);
});

test('[DCT7] an address that this machine does not have is a fault', async () => {
  Object.assign(machine.env, {
    HOST: '::2',
    CALLGATE_API_KEY: 'k',
    CALLGATE_API_SECRET: API_SECRET,
  });
  const { of } = await machine.examine({ stopped: true }, { checkMs: 300 });
  expect(of('api')).toMatchObject([
    { state: 'fault', mend: expect.stringMatching(/does not have the address/) },
  ]);
});

test('[DCT8] another program on the port is a fault', async () => {
  await plant(stranger((_request, reply) => reply.writeHead(404).end('not here'), port()));
  const { of } = await machine.examine();
  expect(of('api')).toMatchObject([
    { state: 'fault', found: expect.stringMatching(/^Another program .+404/) },
  ]);
});
