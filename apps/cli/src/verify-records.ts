import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type AuditKeys,
  describeBroken,
  readCheckpoints,
  recordOfLine,
  recordsAfter,
  type SealedRecord,
  type Verification,
  verifyChain,
} from '@callgate/server/features/audit/index.ts';
import type { Handle } from '@callgate/server/storage/database.ts';
import { CliError } from './context.ts';

const BATCH = 1_000;

/** Verifies the chain of a database against the checkpoints in a folder. */
export async function verifyDatabase(handle: Handle, folder: string, keys: AuditKeys): Promise<Verification> {
  // Before the records: every head that is signed by now is in what is read next.
  const checkpoints = await checkpointsOf(folder);
  return verifyChain({ records: allRecords(handle), checkpoints, ...keys });
}

/** Verifies an NDJSON export against the checkpoints in a folder. */
export async function verifyExport(file: string, folder: string, keys: AuditKeys): Promise<Verification> {
  return verifyChain({ records: recordsOfFile(file), checkpoints: await checkpointsOf(folder), ...keys });
}

async function checkpointsOf(folder: string) {
  const { checkpoints, unreadable } = await readCheckpoints(folder);
  if (unreadable !== undefined)
    throw new CliError(`The audit checkpoints are broken: ${unreadable} is no checkpoint.`);
  return checkpoints;
}

async function* allRecords(handle: Handle): AsyncGenerator<SealedRecord[]> {
  let last = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const records = await recordsAfter(handle, last, BATCH);
    const newest = records.at(-1);
    if (!newest) return;
    last = newest.seq;
    yield records;
  }
}

async function* recordsOfFile(file: string): AsyncGenerator<SealedRecord[]> {
  let number = 0;
  let batch: SealedRecord[] = [];
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number += 1;
    if (line === '') continue;
    batch.push(recordOfLine(line, number));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** What a verification found, in lines for people. */
export function report(result: Verification, unchained: number | undefined): string {
  const { broken, records, erased, head, checkpoints, unsealedRest } = result;
  const lines = [
    broken
      ? `BROKEN: ${describeBroken(broken)}.`
      : `The audit log is whole: ${count(records, 'record')} in order.`,
  ];
  if (broken && records > 0)
    lines.push(`In order before that: ${count(records, 'record')}, up to number ${head.seq}.`);
  if (erased > 0) lines.push(`Personal fields erased: ${count(erased, 'record')}.`);
  lines.push(`Held against ${count(checkpoints, 'signed checkpoint')}.`);
  if (!broken && unsealedRest > 0) {
    lines.push(`Unsealed rest: ${count(unsealedRest, 'record')} after the newest checkpoint.`);
  }
  if (unchained) lines.push(`Not yet in the chain: ${count(unchained, 'record')}.`);
  return `${lines.join('\n')}\n`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
