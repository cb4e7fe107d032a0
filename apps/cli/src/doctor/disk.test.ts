import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { API_SECRET, type Patient, patient } from './test-doctor.ts';

let machine: Patient;
beforeEach(async () => {
  machine = await patient();
});
afterEach(() => machine.discard());

const MIB = 1024 * 1024;
const told = async () => {
  const { of } = await machine.examine({ stopped: true });
  return of('disk').map(({ state, found }) => [state, found]);
};

test('[DCT20] a data folder below a file, and one where nobody may write, are faults', async () => {
  writeFileSync(join(machine.cwd, 'file'), '');
  Object.assign(machine.env, { CALLGATE_API_KEY: 'key', CALLGATE_API_SECRET: API_SECRET });
  machine.env.CALLGATE_DATA_DIR = join(machine.cwd, 'file/data');
  expect(await told()).toEqual([['fault', expect.stringMatching(/file cannot be written \(ENOTDIR\)/)]]);
  machine.env.CALLGATE_DATA_DIR = '/proc/callgate';
  expect((await told())[0]).toEqual([
    'fault',
    expect.stringMatching(/^\/proc cannot be written \((ENOENT|EACCES|EPERM)\)/),
  ]);
});

for (const [free, expected] of [
  [{ bytes: 99 * MIB, files: null }, ['fault', /^99 MiB are free/]],
  [{ bytes: 1023 * MIB, files: null }, ['warning', /^1023 MiB are free/]],
  [{ bytes: 1024 * MIB, files: 999 }, ['fault', /has 999 free files/]],
  [{ bytes: 1024 * MIB, files: 1000 }, ['ok', /has room/]],
] as const)
  test(`[DCT20] ${free.bytes / MIB} MiB and ${free.files} free files are: ${expected[0]}`, async () => {
    machine.machine = { ...machine.machine, space: async () => free };
    expect(await told()).toEqual([[expected[0], expect.stringMatching(expected[1])]]);
  });

for (const [ms, state] of [
  [201, 'fault'],
  [200, 'warning'],
  [21, 'warning'],
  [20, 'ok'],
] as const)
  test(`[DCT21] a sync of ${ms} ms is: ${state}`, async () => {
    machine.machine = { ...machine.machine, syncMs: async () => ms };
    expect(await told()).toEqual([[state, expect.stringContaining(String(ms))]]);
  });

test('[DCT21] the real disk is measured, and no file stays', async () => {
  const before = readdirSync(machine.dataDir);
  expect(await machine.machine.syncMs(machine.dataDir)).toBeGreaterThan(0);
  expect(readdirSync(machine.dataDir)).toEqual(before);
});

/** In a mount namespace of its own root may mount; the mounts end with it. */
const inNamespace = (script: string) =>
  spawnSync('unshare', ['--mount', 'sh', '-ec', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
const mayMount = inNamespace('mount -t tmpfs -o size=64k tmpfs /mnt').status === 0;

if (mayMount)
  test('[DCT20] a disk that is really full, and one that is mounted for reading, are faults', () => {
    const folder = join(machine.cwd, 'small');
    mkdirSync(folder);
    const bin = fileURLToPath(new URL('../../bin/callgate.js', import.meta.url));
    const examine = `PORT=${machine.env.PORT} CALLGATE_DATA_DIR=${folder} ${process.execPath} ${bin} doctor --stopped || true`;
    const full = inNamespace(
      `mount -t tmpfs -o size=64k tmpfs ${folder}; head -c 65536 /dev/zero > ${folder}/filling; ${examine}`,
    );
    expect(full.stdout).toMatch(/^fault .+small cannot be written \(ENOSPC\)/m);
    expect(full.stdout).toMatch(/^fault .+ 0 MiB are free/m);
    const readOnly = inNamespace(`mount -t tmpfs -o ro tmpfs ${folder}; ${examine}`);
    expect(readOnly.stdout).toMatch(/^fault .+small cannot be written \(EROFS\)/m);
  });
