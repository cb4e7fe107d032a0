import type { Migration } from '../migration.ts';

/** Sessions of participants that belong to no user: agents, recorders, telephony. */
export const services: Migration = {
  id: '0009',
  name: 'services',
  statements: () => [
    `alter table media_sessions add column service_kind text`,
    `alter table media_sessions add column service_key text`,
    `alter table media_sessions add column service_name text`,
    `alter table media_sessions add column service_grants text`,
    `create index media_sessions_services on media_sessions (cid, identity) where service_kind is not null`,
  ],
};
