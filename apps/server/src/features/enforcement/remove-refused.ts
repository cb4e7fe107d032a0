import type { Clock } from '../../kernel/clock.ts';
import { ApiError } from '../../kernel/errors.ts';
import type { Handle, Tx } from '../../storage/database.ts';
import { appendEvents, type EventDraft } from '../events/index.ts';
import { endSession, type MediaSessionRow, type SessionSelector, selectSessions } from '../media/index.ts';
import type { PolicyReader, RefusalReason } from '../policy/index.ts';

/** What happens to a call when a session of it ends: implemented by `features/calls`, handed in by `app.ts`. */
export interface SessionEndings {
  /** Notes that the row has ended and returns the events to tell. */
  onSessionEnded(tx: Tx, session: MediaSessionRow, reason: string, now: number): Promise<EventDraft[]>;
}

/** What bringing sessions to their policy needs. */
export interface Binding {
  clock: Clock;
  policy: PolicyReader;
  endings: SessionEndings;
}

/**
 * Ends the sessions among the selected that policy refuses now; resolves with how many were concerned. In order of
 * call and session, so that two of them that overlap wait for each other instead of blocking each other.
 */
export async function removeRefused(
  tx: Tx,
  { clock, policy, endings }: Binding,
  selectors: readonly SessionSelector[],
): Promise<number> {
  const now = clock.now();
  const rows = (await selectSessions(tx, selectors)).sort(byCallAndId);
  const events: EventDraft[] = [];
  for (const row of rows) {
    const reason = await refusalOf(tx, policy, row);
    if (reason === null) continue;
    const ended = await endSession(tx, row.id, now, reason);
    if (ended) events.push(...(await endings.onSessionEnded(tx, ended, reason, now)));
  }
  await appendEvents(tx, events, now);
  return rows.length;
}

const byCallAndId = (a: MediaSessionRow, b: MediaSessionRow): number =>
  a.cid === b.cid ? (a.id < b.id ? -1 : 1) : a.cid < b.cid ? -1 : 1;

/** Whether the session may stay. A session whose person has no row any more may not, and stops nobody else's. */
async function refusalOf(
  handle: Handle,
  policy: PolicyReader,
  row: MediaSessionRow,
): Promise<RefusalReason | null> {
  const token = row.by_server
    ? null
    : { issuedAt: row.token_issued_at, callCids: [row.cid], role: row.role_claim };
  const asked = { userId: row.user_id, token, address: row.address, hidden: row.hidden === 1 };
  const session = { epoch: row.epoch, createdAt: row.created_at };
  try {
    return (await policy.inCall(handle, asked, row.cid, session)).stayRefusal;
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'not_found') return 'deleted';
    throw error;
  }
}
