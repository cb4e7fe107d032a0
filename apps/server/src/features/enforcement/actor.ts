import type { Capability, UserId } from '@callgate/contract';
import { ApiError, notAllowed, notFound } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import {
  type Caller,
  callerUserId,
  type LoadedPolicy,
  type PolicyReader,
  type RankedActor,
  refusal,
} from '../policy/index.ts';

/** Who acts, as rank sees them: with the caller's policy in the call, or the server. Nobody else is exempt. */
export function actorOf(caller: Caller, policy: LoadedPolicy | undefined): RankedActor {
  if (caller.kind === 'server') return { kind: 'server' };
  if (!policy) throw new Error('a caller without a server token was not asked for their policy');
  return { kind: 'user', id: callerUserId(caller) ?? null, rank: policy.rank };
}

/**
 * 403/17 unless the caller holds one of the capabilities in the call; somebody who may not even read the call is
 * told that reason instead.
 */
export function demandCapability(policy: LoadedPolicy | undefined, ...anyOf: Capability[]): void {
  if (!policy || anyOf.some((capability) => policy.capabilities.has(capability))) return;
  if (policy.readRefusal !== null && policy.readRefusal !== 'no_capability')
    throw refusal(policy.readRefusal);
  if (policy.createRefusal !== null) throw refusal(policy.createRefusal);
  throw notAllowed(`this needs the capability ${anyOf.join(' or ')}`);
}

/** 403/17 unless the request came with a server token. */
export function demandServer(caller: Caller): void {
  if (caller.kind !== 'server') throw notAllowed('this needs a server token');
}

/** The existing person that a server token acts for: 404/16 when missing or deleted, 403/17 when deactivated. */
export async function requireActor(handle: Handle, policy: PolicyReader, id: UserId): Promise<void> {
  const user = await policy.sources.user(handle, id);
  if (!user || user.deleted) throw notFound('user', id);
  if (user.deactivated) throw new ApiError('not_allowed', `user "${id}" is deactivated and cannot act`);
}
