import {
  type CallCid,
  type Capability,
  KIND_NEEDS,
  TRACK_KINDS,
  type TrackKind,
  type UserId,
} from '@callgate/contract';
import { ApiError } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import {
  isService,
  type MediaSession,
  type MediaSessionRow,
  type ServiceRules,
  type WantedMedia,
} from '../media/index.ts';
import type { LoadedPolicy, PolicyReader, RefusalReason } from '../policy/index.ts';
import { serviceRefusal, wantedOfService } from './wanted-service.ts';

/** What the media server must be told beside the policy; the features that own it hand it in through `app.ts`. */
export interface MediaSources {
  /** The kinds of the person that are muted in the call (api.md 0.6). */
  mutedKinds(handle: Handle, cid: CallCid, userId: UserId): Promise<ReadonlySet<TrackKind>>;
  /** Who is hidden from the person in the call, either way; undefined: the call hides nobody from anybody. */
  hiddenPeople(handle: Handle, cid: CallCid, userId: UserId): Promise<ReadonlySet<UserId> | undefined>;
  /** How participants see the person. */
  shown(handle: Handle, userId: UserId): Promise<{ name: string; image: string | null }>;
}

/** What judging a session needs. */
export interface Judge {
  policy: PolicyReader;
  sources: MediaSources;
  services: ServiceRules;
}

/**
 * What policy says now of a session: the reason why it must go, or what the media server must hold of it. Null: what
 * it has, of a service that dialled by itself with the operator's own key.
 */
export type Judged = { refusal: RefusalReason } | { refusal: null; wanted: WantedMedia | null };

/** Asks policy about one session, in the snapshot of the handle. */
export async function judgeSession(handle: Handle, judge: Judge, row: MediaSessionRow): Promise<Judged> {
  const { policy, sources, services } = judge;
  if (isService(row)) {
    const refused = await serviceRefusal(handle, judge, row);
    return refused === null
      ? { refusal: null, wanted: wantedOfService(row, services) }
      : { refusal: refused };
  }
  const [loaded, muted, hidden, shown] = await Promise.all([
    policyOfSession(handle, policy, row),
    sources.mutedKinds(handle, row.cid, row.user_id),
    sources.hiddenPeople(handle, row.cid, row.user_id),
    sources.shown(handle, row.user_id),
  ]);
  if (typeof loaded === 'string') return { refusal: loaded };
  if (loaded.stayRefusal !== null) return { refusal: loaded.stayRefusal };
  return { refusal: null, wanted: wantedMedia(row, loaded.capabilities, { muted, hidden, shown }) };
}

/** Whether the session may stay. A session whose person has no row any more may not, and stops nobody else's. */
export async function refusalOf(
  handle: Handle,
  { policy, services }: Pick<Judge, 'policy' | 'services'>,
  row: MediaSessionRow,
): Promise<RefusalReason | null> {
  if (isService(row)) return serviceRefusal(handle, { policy, services }, row);
  const loaded = await policyOfSession(handle, policy, row);
  return typeof loaded === 'string' ? loaded : loaded.stayRefusal;
}

/** The policy of the person of a session, as the session joined; a reason when there is no such person any more. */
async function policyOfSession(
  handle: Handle,
  policy: PolicyReader,
  row: MediaSessionRow,
): Promise<LoadedPolicy | RefusalReason> {
  const token = row.by_server
    ? null
    : { issuedAt: row.token_issued_at, callCids: [row.cid], role: row.role_claim };
  const asked = { userId: row.user_id, token, address: row.address, hidden: row.hidden === 1 };
  const session = { epoch: row.epoch, createdAt: row.created_at };
  try {
    return await policy.inCall(handle, asked, row.cid, session);
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'not_found') return 'deleted';
    throw error;
  }
}

interface Told {
  muted: ReadonlySet<TrackKind>;
  hidden: ReadonlySet<UserId> | undefined;
  shown: { name: string; image: string | null };
}

const NOBODY: ReadonlySet<UserId> = new Set();

function wantedMedia(
  row: MediaSessionRow,
  held: ReadonlySet<Capability>,
  { muted, hidden: people, shown }: Told,
): WantedMedia {
  const { name, image } = shown;
  const { user_id, id: session_id, shown_role: role, hidden } = row;
  return {
    kinds: publishableKinds(held),
    muted,
    sendsData: held.has('send-data'),
    isHidden: hidden === 1,
    hiddenPeople: people ?? NOBODY,
    hidesPeople: people !== undefined,
    name,
    metadata: JSON.stringify({ user_id, session_id, role, ...(image !== null && { image }) }),
    service: null,
    receives: true,
  };
}

/** What somebody who holds these may send. */
export const publishableKinds = (held: ReadonlySet<Capability>): ReadonlySet<TrackKind> =>
  new Set(TRACK_KINDS.filter((kind) => KIND_NEEDS[kind].every((capability) => held.has(capability))));

/** Whether the media server would be told the same. */
export const isSameWanted = (a: WantedMedia, b: WantedMedia): boolean =>
  a.name === b.name &&
  a.metadata === b.metadata &&
  a.sendsData === b.sendsData &&
  a.receives === b.receives &&
  a.isHidden === b.isHidden &&
  a.hidesPeople === b.hidesPeople &&
  isSameSet(a.hiddenPeople, b.hiddenPeople) &&
  isSameSet(a.kinds, b.kinds) &&
  isSameSet(a.muted, b.muted);

const isSameSet = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean =>
  a.size === b.size && [...a].every((value) => b.has(value));

/** The session of a row, as the media server knows it; undefined: it was made without one. */
export const mediaSessionOf = (row: MediaSessionRow): MediaSession | undefined =>
  row.identity === null
    ? undefined
    : { id: row.id, cid: row.cid, userId: row.user_id, identity: row.identity };
