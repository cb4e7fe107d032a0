import type { CallCid } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { PlayLinksTable } from '../../storage/tables.ts';
import { PLAY_LINK_RETENTION_MS } from './play-link.ts';

export type PlayLinkRow = PlayLinksTable;

const insert = prepared<PlayLinkRow, never>((db, p) =>
  db.insertInto('play_links').values({
    secret_hash: p('secret_hash'),
    cid: p('cid'),
    user_id: p('user_id'),
    role: p('role'),
    name: p('name'),
    created_by_id: p('created_by_id'),
    at_start: p('at_start'),
    created_at: p('created_at'),
    expires_at: p('expires_at'),
    used_at: p('used_at'),
  }),
);
const selectByHash = prepared<{ secret_hash: string }, PlayLinkRow>((db, p) =>
  db.selectFrom('play_links').selectAll().where('secret_hash', '=', p('secret_hash')),
);
const takeUnused = prepared<{ secret_hash: string; now: number }, { cid: CallCid }>((db, p) =>
  db
    .updateTable('play_links')
    .set({ used_at: p('now') })
    .where('secret_hash', '=', p('secret_hash'))
    .where('used_at', 'is', null)
    .where('expires_at', '>', p('now'))
    .returning('cid'),
);
const countOpen = prepared<{ cid: CallCid; now: number }, { open: number }>((db, p) =>
  db
    .selectFrom('play_links')
    .select((eb) => eb.fn.countAll<number>().as('open'))
    .where('cid', '=', p('cid'))
    .where('used_at', 'is', null)
    .where('expires_at', '>', p('now')),
);
const selectLatestAtStart = prepared<Record<string, never>, PlayLinkRow>((db) =>
  db
    .selectFrom('play_links')
    .selectAll()
    .where('at_start', '=', 1)
    .where('role', '=', 'host' as PlayLinkRow['role'])
    .orderBy('created_at', 'desc')
    .limit(1),
);
const dropUnusedAtStart = prepared<Record<string, never>, { secret_hash: string }>((db) =>
  db.deleteFrom('play_links').where('at_start', '=', 1).where('used_at', 'is', null).returning('secret_hash'),
);
const dropExpired = prepared<{ before: number; limit: number }, { secret_hash: string }>((db, p) =>
  db
    .deleteFrom('play_links')
    .where(
      'secret_hash',
      'in',
      db
        .selectFrom('play_links as old')
        .select('old.secret_hash')
        .where('old.expires_at', '<=', p('before'))
        .orderBy('old.expires_at')
        .limit(p('limit')),
    )
    .returning('secret_hash'),
);

export const addPlayLink = async (tx: Tx, row: PlayLinkRow): Promise<void> =>
  void (await insert.all(tx, row));

export const findPlayLink = (handle: Handle, secretHash: string): Promise<PlayLinkRow | undefined> =>
  selectByHash.first(handle, { secret_hash: secretHash });

/** Marks the link as used; false when it is not there, used, or past its time. Of two at once one is told true. */
export const takePlayLink = async (tx: Tx, secretHash: string, now: number): Promise<boolean> =>
  (await takeUnused.all(tx, { secret_hash: secretHash, now })).length > 0;

/** How many links into the call nobody has used yet. */
export const openPlayLinks = async (handle: Handle, cid: CallCid, now: number): Promise<number> =>
  Number((await countOpen.first(handle, { cid, now }))?.open ?? 0);

/** The host's link of the last start, as long as it is kept. */
export const latestStartLink = (handle: Handle): Promise<PlayLinkRow | undefined> =>
  selectLatestAtStart.first(handle, {});

/** Takes back the links of earlier starts that nobody used. */
export const dropStartLinks = async (tx: Tx): Promise<void> => void (await dropUnusedAtStart.all(tx, {}));

/** Drops links whose time was over 7 days ago; resolves with how many. */
export const purgePlayLinks = async (tx: Tx, now: number, limit: number): Promise<number> =>
  (await dropExpired.all(tx, { before: now - PLAY_LINK_RETENTION_MS, limit })).length;
