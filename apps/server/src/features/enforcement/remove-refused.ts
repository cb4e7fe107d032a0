import type { Clock } from '../../kernel/clock.ts';
import type { Tx } from '../../storage/database.ts';
import { appendEvents, type EventDraft } from '../events/index.ts';
import { endSession, type MediaSessionRow, type SessionSelector, selectSessions } from '../media/index.ts';
import { type Judge, refusalOf } from './wanted-media.ts';

/** What happens to a call when a session of it ends: implemented by `features/calls`, handed in by `app.ts`. */
export interface SessionEndings {
  /** Notes that the row has ended and returns the events to tell. */
  onSessionEnded(tx: Tx, session: MediaSessionRow, reason: string, now: number): Promise<EventDraft[]>;
}

/** What bringing sessions to their policy needs. */
export interface Binding extends Pick<Judge, 'policy' | 'services'> {
  clock: Clock;
  endings: SessionEndings;
}

/**
 * As part of an act: ends those of the selected that policy refuses by what the act has written, in its own commit, where
 * the media server may hold them; resolves with what is to be told of them. (g) finds them revoked, and whoever came
 * meanwhile, so nothing rests on this but the time of a second commit.
 */
export async function putOut(
  tx: Tx,
  binding: Binding,
  selectors: readonly SessionSelector[],
): Promise<EventDraft[]> {
  if (selectors.length === 0) return [];
  const held = (await selectSessions(tx, selectors)).filter(({ identity }) => identity !== null);
  return (await endRefused(tx, binding, held.sort(byCallAndId))).events;
}

/**
 * Ends the sessions among the selected, and among those whose media was lost, that policy refuses now; resolves with all
 * of the selected. From its commit on
 * no door lets them in: one that is still dialling fails when it looks at the row (step (d)). In order of call and
 * session, so that two of them that overlap wait for each other instead of blocking each other.
 */
export async function removeRefused(
  tx: Tx,
  binding: Binding,
  selectors: readonly SessionSelector[],
  lost: readonly MediaSessionRow[] = [],
): Promise<{ concerned: MediaSessionRow[]; ended: MediaSessionRow[] }> {
  const concerned = (await selectSessions(tx, selectors)).sort(byCallAndId);
  const { ended, events } = await endRefused(tx, binding, [...concerned, ...lost]);
  await appendEvents(tx, events, binding.clock.now());
  return { concerned, ended };
}

async function endRefused(
  tx: Tx,
  { clock, endings, ...judge }: Binding,
  rows: readonly MediaSessionRow[],
): Promise<{ ended: MediaSessionRow[]; events: EventDraft[] }> {
  const now = clock.now();
  const events: EventDraft[] = [];
  const ended: MediaSessionRow[] = [];
  for (const row of rows) {
    const reason = await refusalOf(tx, judge, row);
    if (reason === null) continue;
    const over = await endSession(tx, row.id, now, reason);
    if (!over) continue;
    ended.push(over);
    events.push(...(await endings.onSessionEnded(tx, over, reason, now)));
  }
  return { ended, events };
}

const byCallAndId = (a: MediaSessionRow, b: MediaSessionRow): number =>
  a.cid === b.cid ? (a.id < b.id ? -1 : 1) : a.cid < b.cid ? -1 : 1;
