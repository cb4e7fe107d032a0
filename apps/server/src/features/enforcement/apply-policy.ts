import type { SessionId } from '@callgate/contract';
import { createTurnOfEach } from '../../kernel/turn.ts';
import type { Database } from '../../storage/database.ts';
import {
  type Applied,
  findSession,
  type MediaPlane,
  type MediaSessionRow,
  type OpenDoors,
  type WantedMedia,
} from '../media/index.ts';
import { isSameWanted, type Judge, judgeSession, mediaSessionOf } from './wanted-media.ts';

export interface ApplyDeps extends Judge {
  database: Database;
  media: MediaPlane;
  doors: OpenDoors;
}

/** What came of it. `isRefused`: policy says by now that the session must go. */
export interface PolicyApplied extends Applied {
  isRefused: boolean;
}

/** Rounds after which a policy that keeps changing is left to the acts that change it. */
const MOST_ROUNDS = 10;

/**
 * Brings a session that may stay to what policy says now, one attempt at a time for each session. `known`: what the media
 * server holds already; then nothing is told unless something else is wanted. Resolves when what was told is what is wanted.
 */
export type ApplyPolicy = (row: Pick<MediaSessionRow, 'id'>, known?: WantedMedia) => Promise<PolicyApplied>;

/**
 * Design section 3: what must hold is told, never a difference, and asked again after every answer. The media server
 * keeps what it was told last, so two workers at once could leave the older; in one process they wait for each other.
 */
export function createApplyPolicy(deps: ApplyDeps): ApplyPolicy {
  const inTurn = createTurnOfEach<SessionId>();
  return ({ id }, known) => inTurn(id, () => bringTo(deps, id, known));
}

async function bringTo(
  deps: ApplyDeps,
  id: SessionId,
  known: WantedMedia | undefined,
): Promise<PolicyApplied> {
  const done: PolicyApplied = { isThere: false, tracks: 0, isRefused: false };
  let told = known;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const now = await readNow(deps, id);
    if (now === undefined) return done;
    if (now.refusal !== null) return { ...done, isRefused: true };
    if (now.wanted === null) return { ...done, isThere: true };
    if (told && isSameWanted(told, now.wanted)) return done;
    const { kinds } = now.wanted;
    const lost = deps.doors.published(id).filter((kind) => !kinds.has(kind)).length;
    const silenced = await deps.doors.refresh(id);
    const applied = await deps.media.apply(now.session, now.wanted);
    done.isThere = applied.isThere;
    done.tracks += Math.max(lost + silenced, applied.tracks);
    told = now.wanted;
  }
  return done;
}

/** The media server may hold the session: it is on its way or in, or its media was lost, which may not be true. */
const isMaybeThere = ({ state, ended_at }: MediaSessionRow): boolean =>
  state === 'pending' || state === 'active' || (state === 'issued' && ended_at !== null);

/** In a new snapshot; undefined when the session is over. */
const readNow = (deps: ApplyDeps, id: SessionId) =>
  deps.database.read(async (snapshot) => {
    const row = await findSession(snapshot, id);
    const session = row && mediaSessionOf(row);
    if (!row || !session || !isMaybeThere(row)) return undefined;
    return { session, ...(await judgeSession(snapshot, deps, row)) };
  });
