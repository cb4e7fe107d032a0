import type { JobId, TaskId } from '@callgate/contract';
import type { AuditActor } from '../audit/index.ts';
import { type Caller, callerScope, callerUserId } from '../policy/index.ts';
import type { EnforcementResult } from './jobs.store.ts';

/** A write request as the transport hands it over. */
export interface ActRequest {
  caller: Caller;
  requestId: string;
  /** Null for server tokens: their address never counts (api.md 0.8). */
  address: string | null;
  /** `Idempotency-Key` with a hash of method, path and body; absent without the header. */
  idempotency?: { key: string; requestHash: string };
}

/** What an act answers: the documented body, and what held at the media server when it was sent. */
export interface ActReply<Body> {
  /** 201 when the act created something, otherwise 200. */
  status: number;
  body: Body;
  enforcement?: EnforcementResult & { job_id: JobId; task_id?: TaskId };
}

/** Who did it, for the audit record. */
export const actorOfRequest = ({ caller, requestId, address }: ActRequest): AuditActor => ({
  kind: caller.kind === 'server' ? 'server' : 'user',
  id: callerUserId(caller) ?? null,
  address,
  requestId,
});

/** Whose idempotency keys these are. Anonymous callers have no name: their address keeps them apart. */
export const keyScope = ({ caller, address }: ActRequest): string =>
  caller.kind === 'anonymous' ? `anonymous:${address ?? ''}` : callerScope(caller);
