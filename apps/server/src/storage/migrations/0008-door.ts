import type { Migration } from '../migration.ts';

/**
 * Sessions at a media server: which participant of it a session is, and what still has to be taken from it. Rows that
 * are `revoked` are few and gone within milliseconds unless the media server does not answer; those that are `issued`
 * wait for a client that may never come.
 */
export const door: Migration = {
  id: '0008',
  name: 'door',
  statements: () => [
    `alter table media_sessions add column participant_sid text`,
    `create index media_sessions_revoked_call on media_sessions (cid) where state = 'revoked'`,
    `create index media_sessions_revoked_user on media_sessions (user_id) where state = 'revoked'`,
    `create index media_sessions_issued on media_sessions (created_at) where state = 'issued'`,
    `create index media_sessions_aside on media_sessions (ended_at) where state = 'issued' and ended_at is not null`,
  ],
};
