import type { CallCid, LeaveCallRequest, SessionId, UserId } from '@callgate/contract';
import { inputError, notAllowed } from '../../kernel/errors.ts';
import type { Act, ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { endSession, type MediaSessionRow, sessionsOfCall } from '../media/index.ts';
import { requireUser } from '../users/index.ts';
import { requireCall } from './call.ts';
import { sessionEndings } from './session-endings.ts';

export interface LeaveInput extends LeaveCallRequest {
  cid: CallCid;
}

/**
 * Ends one session of the person in this call, or all of them. An anonymous caller names the session, and leaves
 * from the address that joined. Not in the call: the same 200, nothing happens.
 */
export function leaveCall(acts: Acts, request: ActRequest, input: LeaveInput): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid } = input;
    await act.tx.lock(`call:${cid}`);
    await requireCall(act.tx, cid);
    const isLeaving = await leaving(act, input);

    const sessions = (await sessionsOfCall(act.tx, cid)).filter(isLeaving);
    const ended = await Promise.all(
      sessions.map((session) => endSession(act.tx, session.id, act.now, 'left')),
    );
    const gone = ended.filter((session) => session !== undefined);
    const [first] = gone;
    if (!first) return {};
    for (const session of gone) {
      const events = await sessionEndings.onSessionEnded(act.tx, session, 'left', act.now);
      for (const event of events) act.event(event);
    }
    act.audit({
      action: 'call.leave',
      cid,
      asId: act.caller.kind === 'server' ? first.user_id : null,
      target: { type: 'user', id: first.user_id },
      before: { session_ids: gone.map((session) => session.id) },
    });
    act.enforce({ userId: first.user_id, cid });
    return {};
  });
}

type IsLeaving = (session: MediaSessionRow) => boolean;

/** Which sessions leave: 400/4 when nobody is named who must be, 403/17 for another's, 404/16 for no user. */
async function leaving(act: Act, { user_id, session_id }: LeaveInput): Promise<IsLeaving> {
  const { caller, address } = act;
  const isNamed = (id: SessionId): boolean => session_id === undefined || id === session_id;
  if (caller.kind === 'anonymous') {
    if (session_id === undefined) throw inputError('session_id', 'is required: it came with the join');
    return ({ id, anonymous, address: from }) => isNamed(id) && anonymous === 1 && from === address;
  }
  if (caller.kind === 'user') {
    if (user_id !== undefined && user_id !== caller.userId) {
      throw notAllowed('user_id must be absent or the user of the token');
    }
    return ofPerson(caller.userId, isNamed);
  }
  if (user_id === undefined) throw inputError('user_id', 'is required with a server token: who leaves');
  await requireUser(act.tx, user_id, { deleted: true });
  return ofPerson(user_id, isNamed);
}

const ofPerson =
  (userId: UserId, isNamed: (id: SessionId) => boolean): IsLeaving =>
  ({ id, user_id }) =>
    user_id === userId && isNamed(id);
