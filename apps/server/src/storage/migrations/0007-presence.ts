import type { Migration } from '../migration.ts';

/**
 * Every reply about a user asks for the sockets that the person has open now: the index holds those alone, and all
 * that is asked. Nothing ever asked for closed ones by person.
 */
export const presence: Migration = {
  id: '0007',
  name: 'presence',
  statements: () => [
    `create index connections_open on connections (user_id, node) where closed_at is null`,
    `drop index connections_user`,
  ],
};
