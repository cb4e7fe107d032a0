import type {
  AuditId,
  CallCid,
  EnforcementResponse,
  JobId,
  ModerationLogResponse,
  UserId,
} from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import type { SealedRecord } from './audit-record.ts';

/** A record as the API shows it. */
export function logEntry(
  record: SealedRecord,
  enforcement: EnforcementResponse | undefined,
): ModerationLogResponse {
  const { id, at, action, actor_kind, request_id, seq, hash, before, after } = record;
  return {
    id,
    created_at: toTime(at),
    action,
    actor_kind,
    ...present({
      actor_id: record.actor_id,
      as_id: record.as_id,
      target_type: record.target_type,
      target_id: record.target_id,
      call_cid: record.cid,
      reason: record.reason,
    }),
    request_id,
    ...present({ address: record.address }),
    // `null`: there was nothing, which an entry says by leaving the field out.
    ...present({ before: parsed(before), after: parsed(after) }),
    ...(enforcement && { enforcement }),
    seq,
    hash,
  };
}

/** A line of the export: an entry with what a verification needs beside it. */
export type ExportEntry = ModerationLogResponse & {
  job_id?: JobId;
  /** Absent once the personal fields are erased. */
  salt?: string;
  personal_hash: string;
};

export function exportLine(record: SealedRecord, enforcement: EnforcementResponse | undefined): string {
  const { job_id, salt, personal_hash, before, after } = record;
  const line = {
    ...logEntry(record, enforcement),
    // As they were hashed, `null` included.
    ...(before !== null && { before: parsed(before) }),
    ...(after !== null && { after: parsed(after) }),
    ...present({ job_id, salt }),
    personal_hash,
  };
  return `${JSON.stringify(line)}\n`;
}

/** An export cannot be read; the message names the line. */
export class ExportFormatError extends Error {
  override name = 'ExportFormatError';
}

/** The record of an export's line. `lineNumber`, from 1, is for the error's message. */
export function recordOfLine(line: string, lineNumber: number): SealedRecord {
  const entry = parse(line, lineNumber);
  const at = Date.parse(entry.created_at);
  const { seq, hash } = entry;
  if (typeof seq !== 'number' || typeof hash !== 'string' || Number.isNaN(at)) {
    throw new ExportFormatError(
      `Line ${lineNumber} is no record of an export: seq, hash or created_at is missing.`,
    );
  }
  return {
    id: entry.id as AuditId,
    at,
    action: entry.action,
    actor_kind: entry.actor_kind,
    cid: (entry.call_cid ?? null) as CallCid | null,
    request_id: entry.request_id,
    job_id: entry.job_id ?? null,
    actor_id: (entry.actor_id ?? null) as UserId | null,
    as_id: (entry.as_id ?? null) as UserId | null,
    target_type: entry.target_type ?? null,
    target_id: entry.target_id ?? null,
    reason: entry.reason ?? null,
    address: entry.address ?? null,
    before: entry.before === undefined ? null : JSON.stringify(entry.before),
    after: entry.after === undefined ? null : JSON.stringify(entry.after),
    salt: entry.salt ?? null,
    personal_hash: entry.personal_hash,
    seq,
    hash,
  };
}

function parse(line: string, lineNumber: number): ExportEntry {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as ExportEntry;
  } catch {
    // Answered below, like every line that is no object.
  }
  throw new ExportFormatError(`Line ${lineNumber} is not a JSON object: this is no whole NDJSON export.`);
}

const parsed = (text: string | null) => (text === null ? null : JSON.parse(text));

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

function present<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Present<T>;
}
