import type { RoleName, UserId } from '@callgate/contract';
import { inputError, notAllowed } from '../../kernel/errors.ts';

/** Who acts, for the purposes of rank; `server` outranks everybody. An anonymous caller has a rank and no id. */
export type RankedActor = { kind: 'server' } | { kind: 'user'; id: UserId | null; rank: number };

/** Whom an act is about. */
export interface RankedTarget {
  id: UserId;
  rank: number;
}

/**
 * A user token acts only on people of lower rank (api.md 0.3): 403/17. Nobody acts on themselves: 400/4,
 * naming `field`. Server tokens are exempt from rank.
 */
export function demandOutranks(actor: RankedActor, target: RankedTarget, field: string): void {
  if (actor.kind === 'server') return;
  if (actor.id === target.id)
    throw inputError(field, 'must be somebody else: nobody can do this to themselves');
  if (actor.rank <= target.rank) throw notAllowed('the target’s rank is not lower than yours');
}

/** Rank of a person in a call: the highest of their roles' ranks. */
export const highestRank = (roles: readonly RoleName[], rankOf: ReadonlyMap<RoleName, number>): number =>
  roles.reduce((highest, role) => Math.max(highest, rankOf.get(role) ?? 0), 0);
