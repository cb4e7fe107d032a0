import type { UserId } from '@callgate/contract';
import { notAllowed } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import type { Act } from '../enforcement/index.ts';
import { askedBy, type PersonFacts, type PolicyReader, personRefusal, refusal } from '../policy/index.ts';

/** What of an act or a read names who asks, and where to look. */
export interface Asking extends Pick<Act, 'now' | 'caller' | 'address' | 'policy'> {
  tx: Handle;
}

/**
 * The person behind a user token as the act's own snapshot knows them. The transport has asked the same before;
 * here it is asked again, because the person may have been deactivated, deleted or their token revoked since.
 * 403/17; anonymous callers too.
 */
export async function callerPerson({
  tx,
  now,
  caller,
  address,
  policy,
}: Asking): Promise<PersonFacts & { id: UserId }> {
  if (caller.kind !== 'user') throw notAllowed('this needs a server token or a user token');
  const [person, app] = await Promise.all([
    policy.person(tx, askedBy(caller, address)),
    policy.sources.app(tx),
  ]);
  const refused = personRefusal(person, caller.token, { app, now });
  if (refused) throw refusal(refused);
  return { ...person, id: caller.userId };
}

/** Whether people of these teams reach each other: a shared team, or both without one. */
export const shareTeam = (mine: readonly string[], theirs: readonly string[]): boolean =>
  mine.length === 0 ? theirs.length === 0 : theirs.some((team) => mine.includes(team));

/** 403/17 when multi-tenancy is on and the teams do not meet. */
export async function demandSameTeam(
  { tx, policy }: { tx: Handle; policy: PolicyReader },
  mine: readonly string[],
  theirs: readonly string[],
): Promise<void> {
  const { multiTenant } = await policy.sources.app(tx);
  if (multiTenant && !shareTeam(mine, theirs)) throw notAllowed('user belongs to another team');
}
