import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditKeyError, CHAIN_KEY_FILE, loadAuditKeys, readAuditKeys, SIGNING_KEY_FILE } from './keys.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callgate-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const complaintOf = (load: () => unknown): string => {
  try {
    load();
  } catch (error) {
    if (error instanceof AuditKeyError) return error.message;
    throw error;
  }
  return 'nothing was thrown';
};

test('[AUD3] a malformed key is refused by name, and no message holds what is in it', () => {
  loadAuditKeys(folder);
  expect(complaintOf(() => loadAuditKeys(folder, { chainKey: 'zz' }))).toMatch(/configured audit key/);
  for (const [name, text] of [
    [CHAIN_KEY_FILE, 'deadbeef'],
    [SIGNING_KEY_FILE, '-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----'],
  ] as const) {
    writeFileSync(join(folder, name), text);
    const complaint = complaintOf(() => loadAuditKeys(folder));
    expect(complaint).toContain(name);
    expect(complaint).not.toMatch(/deadbeef|nonsense/);
  }
});

test('[AUD3] reading makes nothing: a missing key is an error', () => {
  expect(complaintOf(() => readAuditKeys(folder))).toMatch(/cannot be read/);
  expect(readdirSync(folder)).toEqual([]);
});

test('[AUD3] the first load makes both keys with mode 600, later loads keep them', () => {
  const made = loadAuditKeys(folder);
  expect(readdirSync(folder).sort()).toEqual([SIGNING_KEY_FILE, CHAIN_KEY_FILE].sort());
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  const again = loadAuditKeys(folder);
  expect(again.chainKey.equals(made.chainKey)).toBe(true);
  expect(again.chainKey.symmetricKeySize).toBe(32);
  expect(again.signingKey.equals(made.signingKey)).toBe(true);
});

test('[AUD3] configured keys take the place of the files', () => {
  const other = loadAuditKeys(mkdtempSync(join(folder, 'other-')));
  const signingKey = other.signingKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const keys = loadAuditKeys(folder, { chainKey: other.chainKey.export().toString('hex'), signingKey });
  expect(keys.chainKey.equals(other.chainKey)).toBe(true);
  expect(keys.publicKey.equals(other.publicKey)).toBe(true);
  expect(readdirSync(folder).filter((name) => name.startsWith('audit'))).toEqual([]);
});
