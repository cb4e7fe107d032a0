import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAuditKeys } from '@callgate/server/features/audit/index.ts';
import { type AuditWorld, auditWorld } from '@callgate/server/features/audit/test-audit.ts';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { API_SECRET, credentials, type Patient, patient } from './test-doctor.ts';

let machine: Patient;
beforeEach(async () => {
  machine = await patient();
});
afterEach(() => machine.discard());

const told = async () => {
  const { of } = await machine.examine({ stopped: true });
  return of('secrets').map(({ state, found }) => [state, found]);
};
const inFolder = (name: string) => join(machine.dataDir, name);
const FINE = [['ok', expect.stringMatching(/^Secrets are strong/)]];

for (const name of ['credentials.json', 'audit.key', 'audit-signing.pem', 'callgate.db'])
  test(`[DCT17] ${name} that others may read is a fault`, async () => {
    loadAuditKeys(machine.dataDir);
    if (name === 'callgate.db') writeFileSync(inFolder(name), '', { mode: 0o600 });
    expect(await told()).toEqual(FINE);
    chmodSync(inFolder(name), 0o640);
    expect(await told()).toEqual([
      ['fault', `${inFolder(name)} has the mode 640: others on this machine can read it.`],
    ]);
  });

test('[DCT17] a data folder and a configuration file that others may read are faults', async () => {
  const file = join(machine.cwd, 'callgate.jsonc');
  writeFileSync(file, '{}', { mode: 0o604 });
  chmodSync(file, 0o604);
  machine.env.CALLGATE_CONFIG = 'callgate.jsonc';
  chmodSync(machine.dataDir, 0o755);
  expect(await told()).toEqual([
    ['fault', expect.stringMatching(/data has the mode 755/)],
    ['fault', expect.stringMatching(/callgate\.jsonc has the mode 604/)],
  ]);
});

for (const [secret, state] of [
  ['x', 'fault'],
  ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'fault'],
  ['changeme-changeme-changeme-changeme', 'fault'],
  ['a-Secret-of-at-least-32-characters', 'fault'],
  ['0f3a9b7c5d1e8642', 'warning'],
  ['8d6f0e2b4c1a79538d6f0e2b4c1a7953', 'ok'],
] as const)
  test(`[DCT18] an API secret like ${secret} is: ${state}`, async () => {
    writeFileSync(inFolder('credentials.json'), credentials(secret));
    expect(await told()).toEqual([[state, expect.any(String)]]);
  });

test("[DCT18] LiveKit's secret, the metrics token and keys of services are looked at alike", async () => {
  Object.assign(machine.env, {
    ...{ LIVEKIT_URL: 'ws://127.0.0.1:9', LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 'secret' },
    CALLGATE_METRICS_TOKEN: 'metrics-password-of-us',
    CALLGATE_SERVICE_KEYS: 'bots:agent:publish:1234567812345678',
  });
  expect(await told()).toEqual([
    ['fault', expect.stringMatching(/^LIVEKIT_API_SECRET can be guessed/)],
    ['fault', expect.stringMatching(/^CALLGATE_METRICS_TOKEN can be guessed/)],
    ['fault', expect.stringMatching(/^The service key bots can be guessed/)],
  ]);
});

test('[DCT18] one secret for two purposes is a fault', async () => {
  machine.env.CALLGATE_METRICS_TOKEN = API_SECRET;
  expect(await told()).toEqual([
    ['fault', 'The API secret and CALLGATE_METRICS_TOKEN are the same: who holds one holds the other.'],
  ]);
});

test('[DCT19] an audit key that is half there or malformed is a fault; none before the first start is fine', async () => {
  expect(await told()).toEqual(FINE);
  loadAuditKeys(machine.dataDir);
  expect(await told()).toEqual(FINE);
  writeFileSync(inFolder('audit.key'), 'nonsense', { mode: 0o600 });
  expect(await told()).toEqual([['fault', expect.stringMatching(/^audit\.key must be 64/)]]);
  rmSync(inFolder('audit-signing.pem'));
  expect(await told()).toEqual([['fault', expect.stringMatching(/audit-signing\.pem cannot be read/)]]);
});

for (const engine of testEngines)
  describe(engine.name, () => {
    let world: AuditWorld;
    beforeEach(async () => {
      world = await auditWorld(engine);
      await world.sequencer.start();
      await world.act();
      await world.sequencer.flush();
      machine.env.CALLGATE_DATA_DIR = world.folder;
      if (engine.name === 'postgres') machine.env.DATABASE_URL = world.test.location;
      writeFileSync(join(world.folder, 'credentials.json'), credentials(), { mode: 0o600 });
      chmodSync(world.folder, 0o700);
    });
    afterEach(async () => {
      await world.sequencer.close();
      await world.discard();
    });

    test('[DCT19] a key that does not fit the end of the audit log is a fault', async () => {
      expect(await told()).toEqual(FINE);
      writeFileSync(join(world.folder, 'audit.key'), `${'ab'.repeat(32)}\n`);
      expect(await told()).toEqual([['fault', expect.stringMatching(/does not fit the end .*record 1/)]]);
    });
  });
