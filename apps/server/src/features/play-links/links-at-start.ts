import type { CallCid, RoleName, UserId } from '@callgate/contract';
import { newId } from '../../kernel/id.ts';
import { CALL_MEMBER, findCall, getOrCreateCall, HOST, type Rings } from '../calls/index.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { SERVER } from '../policy/index.ts';
import { blankUser, findUser, lockUsers, recordChanges } from '../users/index.ts';
import type { LinkMaking } from './create-play-link.ts';
import { hashOfSecret, newPlayUserId, newSecret, playUrl } from './play-link.ts';
import { addPlayLink, dropStartLinks, latestStartLink } from './play-links.store.ts';

/** The two links that a start makes. */
export interface StartLinks {
  cid: CallCid;
  host: string;
  participant: string;
}

/** Links of a start are good for 24 hours, in milliseconds. */
const START_LINK_MS = 24 * 60 * 60 * 1000;

/**
 * Makes a link for a host and one for an ordinary person into one call, and takes back those of earlier starts that
 * nobody used. Call and host of the last start are taken again unless that call has ended (rules PLY13..).
 */
export async function linksAtStart(
  { acts, rings }: { acts: Acts; rings: Rings },
  { origin, apiKey }: LinkMaking,
): Promise<StartLinks> {
  const { cid, hostId } = await startCall(acts);
  await ensureHost(acts, hostId);
  const data = { created_by_id: hostId, custom: { title: 'The first call' } };
  const isThere = await acts.database.read((snapshot) => findCall(snapshot, cid));
  if (!isThere) await getOrCreateCall({ acts, rings }, asServer(acts), { cid, data });
  const secrets = { host: newSecret(), participant: newSecret() };
  await acts.database.write(async (tx) => {
    await dropStartLinks(tx);
    const now = acts.clock.now();
    const link = (secret: string, userId: UserId, role: RoleName, name: string) =>
      addPlayLink(tx, {
        ...{ secret_hash: hashOfSecret(secret), cid, user_id: userId, role, name, created_by_id: null },
        ...{ at_start: 1, created_at: now, expires_at: now + START_LINK_MS, used_at: null },
      });
    await link(secrets.host, hostId, HOST, 'Host');
    await link(secrets.participant, newPlayUserId(), CALL_MEMBER, 'Visitor');
  });
  const url = (secret: string): string => playUrl(origin, apiKey, secret);
  return { cid, host: url(secrets.host), participant: url(secrets.participant) };
}

async function startCall({ database }: Acts): Promise<{ cid: CallCid; hostId: UserId }> {
  const last = await database.read(async (snapshot) => {
    const link = await latestStartLink(snapshot);
    const call = link && (await findCall(snapshot, link.cid));
    const host = link && (await findUser(snapshot, link.user_id));
    const isGood = host !== undefined && host.deleted_at === null && host.deactivated_at === null;
    return call && call.ended_at === null && isGood ? { cid: link.cid, hostId: link.user_id } : undefined;
  });
  if (last) return last;
  const hostId = newPlayUserId();
  return { cid: `default:${hostId}` as CallCid, hostId };
}

async function ensureHost(acts: Acts, id: UserId): Promise<void> {
  await acts.perform(asServer(acts), async (act) => {
    await lockUsers(act.tx, [id]);
    if (await findUser(act.tx, id)) return {};
    const after = { ...blankUser(id, act.now), name: 'Host' };
    await recordChanges(act, 'user.create', [{ before: undefined, after, event: 'user.created' }]);
    return {};
  });
}

const asServer = ({ clock }: Acts): ActRequest => ({
  caller: SERVER,
  requestId: `start:${newId(clock.now())}`,
  address: null,
});
