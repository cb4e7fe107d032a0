/** Why somebody may not join, stay or read. The text of each is in `refusal.ts`. */
export type RefusalReason =
  | 'deleted'
  | 'deactivated'
  | 'expired'
  | 'token_revoked'
  | 'guests_off'
  | 'anonymous_off'
  | 'not_on_token'
  | 'team'
  | 'blocked'
  | 'banned'
  | 'banned_here'
  | 'address_banned'
  | 'no_capability'
  | 'ended'
  | 'backstage'
  | 'kicked'
  | 'full';
