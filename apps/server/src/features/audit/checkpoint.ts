import { type KeyObject, sign, verify } from 'node:crypto';

/**
 * A signed statement about the chain, kept outside the database. `head`: at that time the chain ended with this
 * record. `restore`: a backup that ended with this record took the place of what was there; heads signed earlier
 * with a higher number are void.
 */
export interface Checkpoint {
  kind: 'head' | 'restore';
  seq: number;
  hash: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Ed25519 in base64. */
  signature: string;
}

type Statement = Omit<Checkpoint, 'signature'>;

const signedBytes = ({ kind, seq, hash, at }: Statement): Buffer =>
  Buffer.from(JSON.stringify(['callgate-audit-checkpoint-1', kind, seq, hash, at]));

export function signCheckpoint(key: KeyObject, statement: Statement): Checkpoint {
  const { kind, seq, hash, at } = statement;
  return { kind, seq, hash, at, signature: sign(null, signedBytes(statement), key).toString('base64') };
}

/** Whether the checkpoint was signed with the other half of this key and not changed since. */
export const isSignedWith = (key: KeyObject, checkpoint: Checkpoint): boolean =>
  verify(null, signedBytes(checkpoint), key, Buffer.from(checkpoint.signature, 'base64'));

/**
 * The checkpoints of a file's text, and the number of the first line that is none (from 1). A last line without its
 * line feed is a write that a crash cut short: it is left out.
 */
export function parseCheckpoints(text: string): { checkpoints: Checkpoint[]; badLine?: number } {
  const lines = text.split('\n');
  lines.pop();
  const checkpoints: Checkpoint[] = [];
  for (const [index, line] of lines.entries()) {
    const checkpoint = parseCheckpoint(line);
    if (!checkpoint) return { checkpoints, badLine: index + 1 };
    checkpoints.push(checkpoint);
  }
  return { checkpoints };
}

function parseCheckpoint(line: string): Checkpoint | undefined {
  try {
    const value: Partial<Checkpoint> = JSON.parse(line);
    const { kind, seq, hash, at, signature } = value;
    if (kind !== 'head' && kind !== 'restore') return undefined;
    if (typeof seq !== 'number' || typeof at !== 'number') return undefined;
    if (typeof hash !== 'string' || typeof signature !== 'string') return undefined;
    return { kind, seq, hash, at, signature };
  } catch {
    return undefined;
  }
}

/** The heads that must still be in the chain: those before a restore count up to the record that it restored. */
export function standingHeads(checkpoints: readonly Checkpoint[]): Checkpoint[] {
  let heads: Checkpoint[] = [];
  for (const checkpoint of checkpoints) {
    if (checkpoint.kind === 'restore') heads = heads.filter((head) => head.seq <= checkpoint.seq);
    if (checkpoint.seq > 0) heads.push(checkpoint);
  }
  return heads;
}
