import type { CallCid } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import { mergeSettings, settingsHeld } from '../call-types/index.ts';
import { clearTimer, setTimer } from '../timers/index.ts';
import { isSessionRunning, SESSION_GRACE_MS } from './call.ts';
import type { CallRow } from './calls.store.ts';

/** The end of a session after the last person left; the key is the call. There as long as the end is not announced. */
export const SESSION_END = 'session.end';
/** The end of a call whose session reaches `max_duration_seconds`; the key is the call. */
export const SESSION_LIMIT = 'session.limit';

/** The call is empty since `emptiedAt`; a join in the last moment of the 30 s still belongs to the session. */
export const armSessionEnd = (tx: Tx, cid: CallCid, emptiedAt: number): Promise<void> =>
  setTimer(tx, { kind: SESSION_END, key: cid, dueAt: emptiedAt + SESSION_GRACE_MS + 1 });

/** True: the session's end would have been announced, and was not yet. */
export const clearSessionEnd = (tx: Tx, cid: CallCid): Promise<boolean> => clearTimer(tx, SESSION_END, cid);

export const clearSessionLimit = (tx: Tx, cid: CallCid): Promise<boolean> =>
  clearTimer(tx, SESSION_LIMIT, cid);

/**
 * When the running session reaches `max_duration_seconds`; null: never, or no session is running. Holds the settings of
 * the call's type, so that a change of them either is seen here or sees this call. The call's row must be held.
 */
export async function sessionLimit(tx: Tx, call: CallRow, now: number): Promise<number | null> {
  if (call.ended_at !== null || call.session_started_at === null || !isSessionRunning(call, now)) return null;
  const settings = mergeSettings(await settingsHeld(tx, call.type), JSON.parse(call.settings_override));
  const seconds = settings.limits.max_duration_seconds;
  return seconds === null ? null : call.session_started_at + seconds * 1000;
}

/** Sets, moves or clears the timer of the session's longest duration. The call's row must be held. */
export async function armSessionLimit(tx: Tx, call: CallRow, now: number): Promise<void> {
  const dueAt = await sessionLimit(tx, call, now);
  if (dueAt === null) await clearSessionLimit(tx, call.cid);
  else await setTimer(tx, { kind: SESSION_LIMIT, key: call.cid, dueAt });
}
