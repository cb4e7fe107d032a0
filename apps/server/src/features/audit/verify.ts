import type { KeyObject } from 'node:crypto';
import { toTime } from '../../kernel/clock.ts';
import type { SealedRecord } from './audit-record.ts';
import { type Chained, chainHash, GENESIS, isErased, personalHolds } from './chain.ts';
import { type Checkpoint, isSignedWith, standingHeads } from './checkpoint.ts';

/** What can be wrong. `seq` and `id` name the first record that shows it. */
export type Broken =
  | { problem: 'changed' | 'personal_changed'; seq: number; id: string }
  /** `seq` is the first number that is not there; `id` is the record that stands behind the gap. */
  | { problem: 'gap'; seq: number; id: string; until: number }
  /** The same number twice, or numbers that go back. */
  | { problem: 'order'; seq: number; id: string }
  /** A checkpoint names another hash for this number: the chain was written anew. */
  | { problem: 'rewritten'; seq: number; id: string }
  /** A checkpoint names a head that is not there; `seq` is the first number that is missing. */
  | { problem: 'missing_tail'; seq: number; until: number; signedAt: number }
  /** `seq` is what the checkpoint says of itself. */
  | { problem: 'checkpoint_forged'; seq: number };

export interface Verification {
  /** Undefined: everything holds. */
  broken: Broken | undefined;
  /** Records that were found in order. */
  records: number;
  /** Of these, records whose personal columns were erased. */
  erased: number;
  /** The last record in order; number 0 when there is none. */
  head: { seq: number; hash: string };
  /** Checkpoints that the chain was held against. */
  checkpoints: number;
  /** Records behind the newest checkpoint: what is cut off there does not show. */
  unsealedRest: number;
}

export interface VerifyInput {
  /** Batches of sealed records in the order of their numbers. */
  records: AsyncIterable<readonly SealedRecord[]>;
  chainKey: KeyObject;
  publicKey: KeyObject;
  checkpoints: readonly Checkpoint[];
}

/** Checks the chain record by record and against the signed checkpoints; stops at the first that is broken. */
export async function verifyChain(input: VerifyInput): Promise<Verification> {
  const forged = input.checkpoints.find((checkpoint) => !isSignedWith(input.publicKey, checkpoint));
  const heads = standingHeads(input.checkpoints);
  const newest = heads.reduce((highest, { seq }) => Math.max(highest, seq), 0);
  const walk = newWalk(input.chainKey, heads);
  const broken = forged
    ? ({ problem: 'checkpoint_forged', seq: forged.seq } as const)
    : ((await walkAll(input.records, walk)) ?? missingTail(walk, heads));
  const { head, erased, records } = walk;
  const unsealedRest = Math.max(0, head.seq - newest);
  return { broken, records, erased, head, checkpoints: heads.length, unsealedRest };
}

interface Walk {
  readonly chainKey: KeyObject;
  readonly signed: ReadonlyMap<number, ReadonlySet<string>>;
  head: { seq: number; hash: string };
  records: number;
  erased: number;
}

function newWalk(chainKey: KeyObject, heads: readonly Checkpoint[]): Walk {
  const signed = new Map<number, Set<string>>();
  for (const { seq, hash } of heads) signed.set(seq, (signed.get(seq) ?? new Set()).add(hash));
  return { chainKey, signed, head: { seq: 0, hash: GENESIS }, records: 0, erased: 0 };
}

async function walkAll(records: VerifyInput['records'], walk: Walk): Promise<Broken | undefined> {
  for await (const batch of records) {
    for (const record of batch) {
      const broken = step(walk, record);
      if (broken) return broken;
    }
  }
  return undefined;
}

function step(walk: Walk, record: SealedRecord): Broken | undefined {
  const { seq, id } = record;
  const { head, signed } = walk;
  if (seq > head.seq + 1) return { problem: 'gap', seq: head.seq + 1, id, until: seq - 1 };
  if (seq <= head.seq) return { problem: 'order', seq, id };
  if (chainHash(walk.chainKey, head.hash, record satisfies Chained) !== record.hash)
    return { problem: 'changed', seq, id };
  if (!personalHolds(record)) return { problem: 'personal_changed', seq, id };
  for (const hash of signed.get(seq) ?? []) {
    if (hash !== record.hash) return { problem: 'rewritten', seq, id };
  }
  walk.head = { seq, hash: record.hash };
  walk.records += 1;
  if (isErased(record)) walk.erased += 1;
  return undefined;
}

function missingTail(walk: Walk, heads: readonly Checkpoint[]): Broken | undefined {
  const beyond = heads.filter(({ seq }) => seq > walk.head.seq);
  const last = beyond.sort((a, b) => b.seq - a.seq)[0];
  if (!last) return undefined;
  return { problem: 'missing_tail', seq: walk.head.seq + 1, until: last.seq, signedAt: last.at };
}

/** The finding as a sentence for people. */
export function describeBroken(broken: Broken): string {
  switch (broken.problem) {
    case 'changed':
      return `record ${broken.seq} (${broken.id}) is broken: it, its hash or its place was changed, or it was forged without the key`;
    case 'personal_changed':
      return `record ${broken.seq} (${broken.id}) is broken: its personal fields were changed`;
    case 'gap':
      return `records ${range(broken)} are missing before record ${broken.id}`;
    case 'order':
      return `record ${broken.seq} (${broken.id}) is broken: its number stands twice or out of order`;
    case 'rewritten':
      return `record ${broken.seq} (${broken.id}) is broken: a signed checkpoint names another hash for it`;
    case 'missing_tail':
      return `the tail is missing: records ${range(broken)} are not there, but a checkpoint signed at ${toTime(broken.signedAt)} ends with ${broken.until}`;
    case 'checkpoint_forged':
      return `the checkpoint of record ${broken.seq} is not signed with the audit signing key`;
  }
}

const range = ({ seq, until }: { seq: number; until: number }): string =>
  seq === until ? `${seq}` : `${seq} to ${until}`;
