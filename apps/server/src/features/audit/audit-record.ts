import { hash } from 'node:crypto';
import type { AuditId, CallCid, JobId, UserId } from '@callgate/contract';
import { newId, newSalt } from '../../kernel/id.ts';
import type { AuditRecordsTable } from '../../storage/tables.ts';

/** What an act says of itself; who, when, from where and the request id are added by the act helper. */
export interface AuditDraft {
  /** `<feature>.<verb>`, e.g. `ban.create`. */
  action: string;
  cid?: CallCid;
  /** On whose behalf a server token acted. */
  asId?: UserId | null;
  target?: {
    type:
      | 'user'
      | 'call'
      | 'call_type'
      | 'role'
      | 'app'
      | 'permission_request'
      | 'session'
      | 'task'
      | 'webhook'
      | 'delivery';
    id: string;
  };
  reason?: string | null;
  /** What was there before and after, as far as the act changed it; JSON-serialisable. */
  before?: unknown;
  after?: unknown;
}

/** Who sent the act. */
export interface AuditActor {
  kind: 'server' | 'user' | 'system';
  id: UserId | null;
  address: string | null;
  requestId: string;
}

export type UnsealedRecord = Omit<AuditRecordsTable, 'seq' | 'hash'>;
/** A record with its place in the chain. */
export type SealedRecord = UnsealedRecord & { seq: number; hash: string };

/** The personal columns: hashed beside the chain, erasable. In the order in which they are hashed. */
export const PERSONAL = [
  'actor_id',
  'as_id',
  'target_type',
  'target_id',
  'reason',
  'address',
  'before',
  'after',
] as const;
export type Personal = Pick<AuditRecordsTable, (typeof PERSONAL)[number]>;

/** SHA-256 in hex over the salt and the personal columns as a JSON array. */
export function personalHash(personal: Personal, salt: string): string {
  const values = PERSONAL.map((column) => personal[column]);
  return hash('sha256', JSON.stringify([salt, ...values]));
}

/** A record ready to be stored, with a fresh id and salt. */
export function toRecord(
  draft: AuditDraft,
  actor: AuditActor,
  jobId: JobId | null,
  now: number,
): UnsealedRecord {
  const personal: Personal = {
    actor_id: actor.id,
    as_id: draft.asId ?? null,
    target_type: draft.target?.type ?? null,
    target_id: draft.target?.id ?? null,
    reason: draft.reason ?? null,
    address: actor.address,
    before: jsonOrNull(draft.before),
    after: jsonOrNull(draft.after),
  };
  const salt = newSalt();
  return {
    id: newId<AuditId>(now),
    at: now,
    action: draft.action,
    actor_kind: actor.kind,
    cid: draft.cid ?? null,
    request_id: actor.requestId,
    job_id: jobId,
    ...personal,
    salt,
    personal_hash: personalHash(personal, salt),
  };
}

/** What was not there before or is not there after is told like what the act does not say: not at all. */
const jsonOrNull = (value: unknown): string | null =>
  value === undefined || value === null ? null : JSON.stringify(value);
