import type { Migration } from '../migration.ts';

/** Links into a call that are good once. The digest is the key: a link is found by what its bearer knows. */
export const playLinks: Migration = {
  id: '0010',
  name: 'play-links',
  statements: () => [
    `create table play_links (
      secret_hash text not null primary key, cid text not null, user_id text not null, role text not null,
      name text, created_by_id text, at_start smallint not null,
      created_at bigint not null, expires_at bigint not null, used_at bigint)`,
    `create index play_links_of_call on play_links (cid, expires_at) where used_at is null`,
    `create index play_links_expires_at on play_links (expires_at)`,
    `create index play_links_at_start on play_links (created_at) where at_start = 1`,
  ],
};
