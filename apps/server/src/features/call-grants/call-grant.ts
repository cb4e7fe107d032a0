import { type Capability, isRequestable, type Requestable } from '@callgate/contract';
import { inputError, notAllowed } from '../../kernel/errors.ts';
import type { LoadedPolicy } from '../policy/index.ts';

/** One capability and what is said of it. */
export interface GrantChange {
  capability: Capability;
  state: 'granted' | 'revoked';
}

/** What a request asks for, each capability once. 400/4 for an empty request and for a capability in both lists. */
export function changesOf(
  grant: readonly Capability[] = [],
  revoke: readonly Capability[] = [],
): GrantChange[] {
  const both = grant.find((capability) => revoke.includes(capability));
  if (both) throw inputError('revoke_permissions', `${both} is in grant_permissions too; choose one list`);
  const changes = [
    ...[...new Set(grant)].map((capability) => ({ capability, state: 'granted' }) as const),
    ...[...new Set(revoke)].map((capability) => ({ capability, state: 'revoked' }) as const),
  ];
  if (changes.length === 0)
    throw inputError('grant_permissions', 'name at least one permission to grant or to revoke');
  return changes;
}

/** User tokens grant only what their person holds here, and revoke only the three that can be asked for: 403/17. */
export function demandGrantable(mine: LoadedPolicy | undefined, changes: readonly GrantChange[]): void {
  if (!mine) return;
  for (const { capability, state } of changes) {
    if (state === 'granted' && !mine.capabilities.has(capability))
      throw notAllowed(`you can grant only what you hold: ${capability} is not among it`);
    if (state === 'revoked' && !isRequestable(capability))
      throw notAllowed(`${capability} can be revoked by a server token only`);
  }
}

/** The capabilities of one state that can be asked for: those whose requests are answered. */
export const requestableOf = (changes: readonly GrantChange[], state: GrantChange['state']): Requestable[] =>
  changes.flatMap((change) =>
    change.state === state && isRequestable(change.capability) ? change.capability : [],
  );
