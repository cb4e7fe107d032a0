import type { SessionId } from '@callgate/contract';
import type { Database } from '../../storage/database.ts';
import {
  type MediaPlane,
  type MediaSessionRow,
  type OpenDoors,
  type SessionSelector,
  selectAside,
  selectRevoked,
  selectSessions,
} from '../media/index.ts';
import type { ApplyPolicy } from './apply-policy.ts';
import { type Binding, removeRefused } from './remove-refused.ts';
import { refusalOf } from './wanted-media.ts';

export interface BindDeps extends Binding {
  database: Database;
  media: MediaPlane;
  doors: OpenDoors;
  applyPolicy: ApplyPolicy;
  /** Called after a commit that may have appended events. */
  onEvents: () => void;
}

/** What holds at the media server. */
export interface Bound {
  /** Sessions that were concerned. */
  sessions: number;
  /** Tracks that were silenced, unpublished or removed with their session. */
  tracks: number;
  /** Sessions that are over and of which the media server has said that they are gone: to be noted as `ended`. */
  gone: SessionId[];
}

/** Policies that change while they are applied are looked at again, this often at most. */
const MOST_PASSES = 5;

/**
 * Brings the selected sessions to what policy says in a new snapshot, at the media server too; resolves when it has
 * answered for every one of them. First the rows of those who must go are `revoked` and committed, then they are
 * removed: a door that dials in between fails at the row, so `not there` is an answer. The letters are those of docs/spec/door.
 */
export async function bindSessions(deps: BindDeps, selectors: readonly SessionSelector[]): Promise<Bound> {
  const bound: Bound = { sessions: 0, tracks: 0, gone: [] };
  const seen = new Set<SessionId>();
  const wereAside = new Set<SessionId>();
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const { staying, over, lost, aside } = await sort(deps, selectors);
    for (const id of aside) wereAside.add(id);
    for (const { id } of [...staying, ...over]) if (!wereAside.has(id)) seen.add(id);
    bound.sessions = seen.size;
    // (i)
    const [removed, applied, told] = await Promise.all([
      Promise.all(over.map((row) => takeOut(deps, row))),
      Promise.all(staying.map((row) => deps.applyPolicy(row))),
      // By its name the media server may hold who was lost, or the client that comes back just now: a removal would hit either.
      Promise.all(lost.map((row) => deps.applyPolicy(row))),
    ]);
    for (const { tracks } of [...removed, ...applied]) bound.tracks += tracks;
    bound.gone.push(...over.map(({ id }) => id));
    if (![...applied, ...told].some(({ isRefused }) => isRefused)) return bound;
  }
  throw new Error('policy changed again and again while it was applied');
}

/** Sessions that were lost this long ago the sweep has compared with the media server since, in milliseconds. */
export const ASIDE_MS = 60_000;

interface Sorted {
  staying: MediaSessionRow[];
  over: MediaSessionRow[];
  /** Their media was lost, and policy lets them in: whoever is there of them is told what must hold, and the sweep removes them. */
  lost: MediaSessionRow[];
  /** Those whose media was lost, or that had left, before: nobody was in by them, as far as is known. */
  aside: ReadonlySet<SessionId>;
}

/** Who may stay, and who is over and not gone from the media server as far as is known. */
async function sort(deps: BindDeps, selectors: readonly SessionSelector[]): Promise<Sorted> {
  const { database, clock } = deps;
  // (g)
  const now = await database.read(async (snapshot) => {
    const [rows, lost, over] = await Promise.all([
      selectSessions(snapshot, selectors),
      selectAside(snapshot, selectors, clock.now() - ASIDE_MS),
      selectRevoked(snapshot, selectors),
    ]);
    const refusals = await Promise.all([...rows, ...lost].map((row) => refusalOf(snapshot, deps, row)));
    return { rows, lost, over, isAnyRefused: refusals.some((reason) => reason !== null) };
  });
  const aside = new Set(now.lost.map(({ id }) => id));
  if (!now.isAnyRefused) return { staying: now.rows, over: now.over, lost: now.lost, aside };
  const { concerned, ended } = await database.write((tx) => removeRefused(tx, deps, selectors, now.lost)); // (h)
  deps.onEvents();
  // Read last: another act, or the client's own leave, may have revoked some between (g) and (h), and not removed them yet.
  const over = await database.read((snapshot) => selectRevoked(snapshot, selectors));
  const gone = new Set([...ended, ...over].map(({ id }) => id));
  const isLeft = ({ id }: MediaSessionRow): boolean => !gone.has(id);
  return {
    staying: concerned.filter(isLeft),
    over: [...over, ...ended.filter(({ id }) => !over.some((row) => row.id === id))],
    lost: now.lost.filter(isLeft),
    aside,
  };
}

/** Closes what is open here and removes the session from the media server. */
async function takeOut({ media, doors }: BindDeps, row: MediaSessionRow): Promise<{ tracks: number }> {
  const { id, cid, identity } = row;
  if (identity === null) return { tracks: 0 };
  const published = doors.published(id).length;
  const [{ tracks }] = await Promise.all([
    media.remove({ cid, identity }),
    doors.close(id, row.end_reason ?? 'removed'),
  ]);
  return { tracks: Math.max(published, tracks) };
}
