import type { Database } from '../../storage/database.ts';
import type { Enforcement } from '../enforcement/index.ts';
import { findSession, type MediaNews, type MediaPlane, sessionOfIdentity } from '../media/index.ts';
import type { Door } from './door.ts';

export interface NewsDeps {
  database: Database;
  enforcement: Enforcement;
  media: MediaPlane;
  door: Door;
}

/**
 * Takes in what the media server tells: somebody has gone, somebody is there, a track is. Reports are lost, doubled and out
 * of order, so each only says where to look; the sweep finds what was never told.
 */
export async function hearNews(deps: NewsDeps, { what, cid, identity, sid }: MediaNews): Promise<void> {
  const id = sessionOfIdentity(identity);
  if (id === undefined) return;
  if (what === 'left') return deps.door.lost(id, sid);
  const row = await deps.database.read((snapshot) => findSession(snapshot, id));
  const isAllowed = row?.identity === identity && (row.state === 'pending' || row.state === 'active');
  if (!isAllowed) await deps.media.remove({ cid, identity });
  else if (what === 'published' && row.state === 'active') await deps.enforcement.applyPolicy({ id });
}
