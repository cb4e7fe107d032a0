import { existsSync } from 'node:fs';
import { codeOf } from '../ask.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, orOk, warning } from '../finding.ts';
import { nearestFolder } from '../machine.ts';

const MIB = 1024 * 1024;
/** Bytes: below the first nothing can be relied on, below the second there is a week or so left. */
const FULL_BYTES = 100 * MIB;
const LITTLE_BYTES = 1024 * MIB;
const FEW_FILES = 1_000;
/** Milliseconds: every act waits for one sync, which acts at the same time share. */
const SLOW_MS = 20;
const BROKEN_MS = 200;

/** Whether the data folder can be written, has room, and is synced in time. */
export const disk: Check = {
  name: 'disk',
  async run(facts) {
    const folder = nearestFolder(facts.config.dataDir);
    const speed = await written(folder, facts);
    const room = await roomOf(folder, facts);
    const isThere = existsSync(facts.config.dataDir);
    const fine = `${facts.config.dataDir} ${isThere ? 'can be written' : 'can be made'}, has room, and syncs in ${round(speed)} ms.`;
    return orOk([typeof speed === 'number' ? slowness(speed) : speed, ...room], fine);
  },
};

const round = (speed: number | Finding): string => (typeof speed === 'number' ? speed.toFixed(1) : '?');

/** The median sync in ms, or why nothing can be written. */
async function written(folder: string, { machine }: Facts): Promise<number | Finding> {
  try {
    return await machine.syncMs(folder);
  } catch (error) {
    const code = codeOf(error);
    const mends: Record<string, string> = {
      EACCES: `Give it to the user that the server runs as: chown -R callgate: ${folder}.`,
      EROFS: 'Mount it for writing, or set CALLGATE_DATA_DIR to a folder that is (in a container: a volume).',
      ENOSPC:
        'Make room: the server acknowledges no act until there is. Backups and logs are mostly what fills it.',
      EDQUOT: 'Raise the quota of the user that the server runs as, or make room.',
    };
    return fault(
      `${folder} cannot be written (${code}): the server would start no act.`,
      mends[code] ?? 'See what the system says about the disk: dmesg, mount.',
    );
  }
}

function slowness(ms: number): Finding | undefined {
  if (ms <= SLOW_MS) return undefined;
  const found = `A sync of the disk takes ${ms.toFixed(0)} ms; every act waits for one.`;
  const mend =
    'Put CALLGATE_DATA_DIR on a local SSD, not on a network or a shared disk that others write to.';
  return ms > BROKEN_MS ? fault(found, mend) : warning(found, mend);
}

async function roomOf(folder: string, { machine }: Facts): Promise<Finding[]> {
  const { bytes, files } = await machine.space(folder);
  const findings: Finding[] = [];
  const mend = 'Make room, or move CALLGATE_DATA_DIR to a larger disk while the server is stopped.';
  const found = `${Math.floor(bytes / MIB)} MiB are free for ${folder}.`;
  if (bytes < FULL_BYTES) findings.push(fault(found, mend));
  else if (bytes < LITTLE_BYTES) findings.push(warning(found, mend));
  if (files !== null && files < FEW_FILES)
    findings.push(
      fault(`The disk of ${folder} has ${files} free files (inodes).`, 'Delete what has many small files.'),
    );
  return findings;
}
