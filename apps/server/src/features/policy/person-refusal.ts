import type { PersonFacts, PolicyFacts, TokenFacts } from './policy-facts.ts';
import type { RefusalReason } from './refusal-reason.ts';

/** What of a person decides whether they may ask for anything at all. */
export type StandingFacts = Pick<PersonFacts, 'role' | 'deactivated' | 'deleted' | 'expiresAt'> &
  Pick<PersonFacts, 'tokensRevokedBefore'>;

/**
 * Why a person can make no request at all, whatever it is about (api.md 0.2, 0.5); null when they can. `token` null:
 * a server token acts for them, or their token was asked about before.
 */
export function personRefusal(
  person: StandingFacts,
  token: Pick<TokenFacts, 'issuedAt'> | null,
  { app, now }: Pick<PolicyFacts, 'now'> & { app: Pick<PolicyFacts['app'], 'guests' | 'anonymous'> },
): RefusalReason | null {
  if (person.deleted) return 'deleted';
  if (person.deactivated) return 'deactivated';
  if (person.expiresAt !== null && person.expiresAt <= now) return 'expired';
  if (token !== null && isTokenRevoked(token, person.tokensRevokedBefore)) return 'token_revoked';
  if (person.role === 'guest' && !app.guests) return 'guests_off';
  return person.role === 'anonymous' && !app.anonymous ? 'anonymous_off' : null;
}

/** A token without `iat` is refused as soon as a date is set (api.md section 1). */
export const isTokenRevoked = ({ issuedAt }: Pick<TokenFacts, 'issuedAt'>, before: number | null): boolean =>
  before !== null && (issuedAt === null || issuedAt < before);
