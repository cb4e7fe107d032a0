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
export async function hearNews(deps: NewsDeps, { what, cid, participant }: MediaNews): Promise<void> {
  const { identity, sid, service } = participant;
  const id = sessionOfIdentity(identity);
  const row = id && (await deps.database.read((snapshot) => findSession(snapshot, id)));
  if (service !== null && row?.identity !== identity) return hearOfDialled(deps, { what, cid, participant });
  if (id === undefined) return;
  if (what === 'left') return deps.door.lost(id, sid);
  const isAllowed = row?.identity === identity && (row.state === 'pending' || row.state === 'active');
  if (!isAllowed) await deps.media.remove({ cid, identity });
  else if (what === 'published' && row.state === 'active') await deps.enforcement.applyPolicy({ id });
}

/** Of a service that dialled the media server by itself. */
async function hearOfDialled(
  { door, media }: NewsDeps,
  { what, cid, participant }: MediaNews,
): Promise<void> {
  if (what === 'left') return door.gone(cid, participant);
  if (!(await door.found(cid, participant))) await media.remove({ cid, identity: participant.identity });
}
