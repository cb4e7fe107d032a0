import { isRequestable, type PermissionRequestResponse, type Requestable } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { notAllowed } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import { type LoadedPolicy, refusal } from '../policy/index.ts';
import { findUsers, userResponse } from '../users/index.ts';
import type { PermissionRequestRow } from './permission-requests.store.ts';

/**
 * Who may ask in a call: people in good standing who are in it, are members, or may join it (an ended call: the latter
 * only); otherwise 403/17 with the reason.
 */
export function demandMayAsk(policy: LoadedPolicy, isInCall: boolean): void {
  const shutOut = policy.readRefusal === 'no_capability' ? null : policy.readRefusal;
  const reason = shutOut ?? policy.createRefusal;
  if (reason) throw refusal(reason);
  const { participation, call } = policy.facts;
  if (isInCall || (participation.memberRole !== null && call.endedAt === null)) return;
  if (policy.joinRefusal !== null) throw refusal(policy.joinRefusal);
}

/** The asked permissions that the person does not hold; 403/17 for one that is not on request in this call. */
export function missingPermissions(policy: LoadedPolicy, asked: readonly Requestable[]): Requestable[] {
  const missing = [...new Set(asked)].filter((permission) => !policy.capabilities.has(permission));
  for (const permission of missing) {
    if (policy.kinds[permission] !== 'on_request')
      throw notAllowed(`${permission} cannot be asked for: its access_request_enabled is off in this call`);
  }
  return missing;
}

/** Rows as replies and events show them, in their order. */
export async function requestResponses(
  handle: Handle,
  rows: readonly PermissionRequestRow[],
  now: number,
): Promise<PermissionRequestResponse[]> {
  const users = await findUsers(
    handle,
    rows.map((row) => row.user_id),
  );
  return rows.flatMap((row) => {
    const user = users.get(row.user_id);
    if (!user || !isRequestable(row.permission)) return [];
    return {
      id: row.id,
      call_cid: row.cid,
      user_id: row.user_id,
      user: userResponse(user, now),
      permission: row.permission,
      state: row.state,
      ...(row.reason !== null && { reason: row.reason }),
      ...(row.answered_by_id !== null && { answered_by_id: row.answered_by_id }),
      created_at: toTime(row.created_at),
      ...(row.answered_at !== null && { answered_at: toTime(row.answered_at) }),
    };
  });
}
