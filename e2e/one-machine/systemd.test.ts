import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEPLOY, HAS_PROGRAMS } from './programs.ts';

const UNIT = 'callgate.service';

if (HAS_PROGRAMS)
  describe('the unit', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'callgate-unit-'));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));
    const text = readFileSync(join(DEPLOY, UNIT), 'utf8');
    /** Looks at a unit; the program that it starts is one that is there. */
    const analyze = (unit: string, ...args: string[]) => {
      writeFileSync(join(folder, UNIT), unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
      const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, join(folder, UNIT)], {
        encoding: 'utf8',
      });
      return { status, said: stdout + stderr };
    };

    test('[ONE12] systemd accepts it, and would say what it does not know', () => {
      const odd = analyze(text.replace('RestartSec=2', 'RestartSecs=2'), 'verify', '--man=no');
      expect(odd.said).toMatch(/Unknown key.*'RestartSecs'/);
      expect(analyze(text, 'verify', '--man=no')).toEqual({ status: 0, said: '' });
    });

    test('[ONE12] its exposure is below 2.0 of 10, and would be above without what protects', () => {
      const security = ['security', '--offline=true', '--threshold=20'];
      expect(analyze(text, ...security).status).toBe(0);
      const bare = text.replace(/^(Protect|Private|Restrict|Capability|SystemCall).*\n/gm, '');
      expect(analyze(bare, ...security).status).not.toBe(0);
    });
  });
