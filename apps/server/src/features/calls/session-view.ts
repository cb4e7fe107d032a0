import type { CallSettings, SessionId, TrackKind, UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import type { Handle } from '../../storage/database.ts';
import type { CallPinsTable } from '../../storage/tables.ts';
import { servicesIn } from '../media/index.ts';
import { sessionEndedAt } from './call.ts';
import {
  answersOf,
  mutedKinds,
  participantCounts,
  participantsOf,
  pinsOf,
  type RingAnswer,
  type SessionWithUser,
  VIEW_LIMITS,
} from './call-view.store.ts';
import type { CallRow } from './calls.store.ts';
import { serviceResponse } from './service-participants.ts';
import { shownUser } from './shown-user.ts';

const NO_KINDS: readonly TrackKind[] = [];

/** One device of one person in the call, as lists and events show it. */
export const participantResponse = (
  row: SessionWithUser,
  now: number,
  muted: readonly TrackKind[] = NO_KINDS,
) => ({
  user: shownUser(row, row.id, now),
  user_session_id: row.session_id,
  role: row.shown_role,
  joined_at: toTime(row.joined_at),
  muted,
  ...(row.hidden === 1 && { hidden: true }),
});

export const pinResponse = (
  pin: Pick<CallPinsTable, 'user_id' | 'pinned_at'> & { session_id: SessionId },
) => ({
  user_id: pin.user_id,
  session_id: pin.session_id,
  pinned_at: toTime(pin.pinned_at),
});

interface InCall {
  people: readonly SessionWithUser[];
  muted: ReadonlyMap<UserId, TrackKind[]>;
  pins: readonly CallPinsTable[];
}
const NOBODY: InCall = { people: [], muted: new Map(), pins: [] };

/**
 * The call's last or running session with who is in it; undefined when there is nothing to show. Hidden people are
 * listed only when `withHidden` says so.
 */
export async function sessionView(
  handle: Handle,
  row: CallRow,
  settings: CallSettings,
  asked: { now: number; withHidden: boolean },
) {
  const isSomebodyIn = row.session_id !== null && row.session_emptied_at === null;
  const inCall = isSomebodyIn || asked.withHidden ? await readInCall(handle, row, asked.withHidden) : NOBODY;
  const answers = await ringAnswers(handle, row, asked.now);
  const services = await servicesIn(handle, row.cid);
  const shown = [inCall.people, answers, services];
  if (row.session_id === null && shown.every((list) => list.length === 0)) return undefined;
  return {
    id: row.session_id ?? '',
    ...sessionTimes(row, settings, asked.now),
    participants: inCall.people.map((person) =>
      participantResponse(person, asked.now, inCall.muted.get(person.id)),
    ),
    ...(await countsOf(handle, row, inCall.people, asked.withHidden)),
    service_participants: services.map(serviceResponse),
    pins: inCall.pins.map(pinResponse),
    ...answersShown(answers),
  };
}

/** What those answered who were rung in the session, or before it when there was none. */
const ringAnswers = async (handle: Handle, row: CallRow, now: number): Promise<readonly RingAnswer[]> => {
  if (row.rung_at === null || row.rung_at < row.rings_since) return [];
  return answersOf(handle, row.cid, row.rings_since, sessionEndedAt(row, now) ?? Number.MAX_SAFE_INTEGER);
};

/** Times by user; of somebody who was rung more than once, the last one. */
function answersShown(answers: readonly RingAnswer[]) {
  const accepted_by: Record<string, string> = {};
  const rejected_by: Record<string, string> = {};
  const missed_by: Record<string, string> = {};
  for (const { user_id, answer, answered_at, missed_at } of answers) {
    if (answered_at !== null)
      (answer === 'accepted' ? accepted_by : rejected_by)[user_id] = toTime(answered_at);
    if (missed_at !== null) missed_by[user_id] = toTime(missed_at);
  }
  return { accepted_by, rejected_by, missed_by };
}

async function readInCall(handle: Handle, row: CallRow, withHidden: boolean): Promise<InCall> {
  const [people, muted, pins] = await Promise.all([
    participantsOf(handle, row.cid, withHidden),
    mutedKinds(handle, row.cid),
    pinsOf(handle, row.cid),
  ]);
  return { people, muted, pins };
}

function sessionTimes(row: CallRow, settings: CallSettings, now: number) {
  const endedAt = sessionEndedAt(row, now);
  const limit = settings.limits.max_duration_seconds;
  const startedAt = row.session_started_at;
  return {
    ...(startedAt !== null && { started_at: toTime(startedAt) }),
    ...(endedAt !== null && { ended_at: toTime(endedAt) }),
    ...(row.live_started_at !== null && { live_started_at: toTime(row.live_started_at) }),
    ...(row.live_ended_at !== null && { live_ended_at: toTime(row.live_ended_at) }),
    ...(limit !== null &&
      startedAt !== null &&
      endedAt === null && { timer_ends_at: toTime(startedAt + limit * 1000) }),
  };
}

async function countsOf(
  handle: Handle,
  row: CallRow,
  people: readonly SessionWithUser[],
  withHidden: boolean,
) {
  const byRole: Record<string, number> = {};
  let anonymous = 0;
  if (people.length < VIEW_LIMITS.participants) {
    for (const person of people) {
      byRole[person.shown_role] = (byRole[person.shown_role] ?? 0) + 1;
      anonymous += person.anonymous;
    }
  } else {
    for (const count of await participantCounts(handle, row.cid, withHidden)) {
      byRole[count.role] = count.people;
      anonymous += Number(count.anonymous);
    }
  }
  return { participants_count_by_role: byRole, anonymous_participant_count: anonymous };
}
