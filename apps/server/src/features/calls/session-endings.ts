import type { CallCid, LeaveReason } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import type { Tx } from '../../storage/database.ts';
import type { SessionEndings } from '../enforcement/index.ts';
import type { EventDraft } from '../events/index.ts';
import { isService, type MediaSessionRow, visibleSessionsIn } from '../media/index.ts';
import type { RefusalReason } from '../policy/index.ts';
import { findUser } from '../users/index.ts';
import { sessionEndedAt } from './call.ts';
import { mutedKinds } from './call-view.store.ts';
import { holdCall, saveCallSession } from './calls.store.ts';
import { removePin } from './pins.store.ts';
import { serviceLeft } from './service-participants.ts';
import { armSessionEnd } from './session-timers.ts';
import { participantResponse } from './session-view.ts';
import { shownUser } from './shown-user.ts';

/** Why somebody is gone, in the words of the event. */
const LEFT_BECAUSE: Record<RefusalReason | 'left' | 'replaced' | 'timeout', LeaveReason> = {
  left: 'left',
  replaced: 'replaced',
  timeout: 'timeout',
  kicked: 'kicked',
  blocked: 'blocked',
  banned: 'banned',
  banned_here: 'banned',
  address_banned: 'address_banned',
  deactivated: 'deactivated',
  deleted: 'deleted',
  expired: 'revoked',
  token_revoked: 'revoked',
  backstage: 'backstage',
  ended: 'ended',
  guests_off: 'not_allowed',
  anonymous_off: 'not_allowed',
  not_on_token: 'not_allowed',
  team: 'not_allowed',
  no_capability: 'not_allowed',
  full: 'not_allowed',
};
const leaveReason = (reason: string): LeaveReason =>
  LEFT_BECAUSE[reason as keyof typeof LEFT_BECAUSE] ?? 'not_allowed';

/** What a call notes when one of its sessions ends, whoever ended it. */
export const sessionEndings: SessionEndings = {
  /**
   * Unpins the session; when it was the last visible one, notes that the call is empty. A session that never
   * joined, or was hidden, leaves without an event: nobody was told that it was there.
   */
  async onSessionEnded(tx, session, reason, now) {
    const { cid, user_id, id: session_id } = session;
    if (isService(session))
      return session.joined_at === null ? [] : [serviceLeft(session, leaveReason(reason))];
    await removePin(tx, { cid, user_id, session_id });
    if (session.hidden === 1 || session.joined_at === null) return [];
    await noteEmptied(tx, cid, now);
    return [await participantLeft(tx, session, leaveReason(reason), now)];
  },
};

/** The row is held first and the others counted after: of two that leave at once the later one sees the earlier. */
async function noteEmptied(tx: Tx, cid: CallCid, now: number): Promise<void> {
  const call = await holdCall(tx, cid);
  if (!call || call.session_emptied_at !== null || (await visibleSessionsIn(tx, cid)) > 0) return;
  const emptied = { ...call, session_emptied_at: now };
  await Promise.all([
    saveCallSession(tx, sessionOf(emptied)),
    // A session that ended with its call has been told of.
    sessionEndedAt(emptied, now) === null && armSessionEnd(tx, cid, now),
  ]);
}

/** The columns that `saveCallSession` writes. */
export const sessionOf = (call: {
  cid: CallCid;
  session_id: string | null;
  session_started_at: number | null;
  session_emptied_at: number | null;
  rings_since: number;
}) => ({
  cid: call.cid,
  session_id: call.session_id,
  session_started_at: call.session_started_at,
  session_emptied_at: call.session_emptied_at,
  rings_since: call.rings_since,
});

async function participantLeft(
  tx: Tx,
  session: MediaSessionRow,
  reason: LeaveReason,
  now: number,
): Promise<EventDraft> {
  const participant = await participantOf(tx, session, now);
  return {
    type: 'call.session_participant_left',
    cid: session.cid,
    audience: { watchers: true, users: [session.user_id] },
    payload: { participant, session_id: session.call_session_id, reason },
  };
}

/** The participant of a session, as events show one. */
export async function participantOf(tx: Tx, session: MediaSessionRow, now: number) {
  const [user, muted] = await Promise.all([findUser(tx, session.user_id), mutedKinds(tx, session.cid)]);
  if (!user) return { user: shownUser(undefined, session.user_id, now), ...bareSession(session) };
  const { id: session_id, shown_role, anonymous, hidden, joined_at, created_at } = session;
  const row = { ...user, session_id, shown_role, anonymous, hidden, joined_at: joined_at ?? created_at };
  return participantResponse(row, now, muted.get(session.user_id));
}

const bareSession = (session: MediaSessionRow) => ({
  user_session_id: session.id,
  role: session.shown_role,
  joined_at: toTime(session.joined_at ?? session.created_at),
  muted: [],
});
