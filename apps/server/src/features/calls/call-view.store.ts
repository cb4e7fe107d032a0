import type { CallCid, RoleName, SessionId, TrackKind, UserId } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { remembered } from '../../storage/remembered.ts';
import type { CallPinsTable, Flag, RingCalleesTable } from '../../storage/tables.ts';
import { findUsers, ONLINE_UNTIL, type UserRow } from '../users/index.ts';

/** An active session with the user's row, in one read. */
export interface SessionWithUser extends UserRow {
  session_id: SessionId;
  shown_role: RoleName;
  joined_at: number;
  anonymous: Flag;
  hidden: Flag;
}

/** Bounds of one reply: participants listed, blocked people shown with their users. */
export const VIEW_LIMITS = { participants: 250, blockedUsers: 100 } as const;

const selectSessions = prepared<{ cid: CallCid; hidden: Flag; limit: number }, SessionWithUser>((db, p) =>
  db
    .selectFrom('media_sessions')
    .innerJoin('users', 'users.id', 'media_sessions.user_id')
    .leftJoin('bans', (join) => join.onRef('bans.target_user_id', '=', 'users.id').on('bans.cid', '=', ''))
    .selectAll('users')
    .select(['bans.shadow as ban_shadow', 'bans.expires_at as ban_expires_at'])
    .select(ONLINE_UNTIL)
    .select(['media_sessions.id as session_id', 'media_sessions.shown_role'])
    .select(['media_sessions.anonymous', 'media_sessions.hidden'])
    .select((eb) => eb.fn.coalesce('media_sessions.joined_at', 'media_sessions.created_at').as('joined_at'))
    .where('media_sessions.cid', '=', p('cid'))
    .where('media_sessions.state', 'in', ['pending', 'active'])
    .where('media_sessions.joined_at', 'is not', null)
    .where('media_sessions.hidden', '<=', p('hidden'))
    .orderBy('media_sessions.created_at')
    .orderBy('media_sessions.id')
    .limit(p('limit')),
);
const countByRole = prepared<
  { cid: CallCid; hidden: Flag },
  { role: RoleName; people: number; anonymous: number }
>((db, p) =>
  db
    .selectFrom('media_sessions')
    .select('shown_role as role')
    .select((eb) => eb.fn.countAll<number>().as('people'))
    .select((eb) => eb.fn.sum<number>('anonymous').as('anonymous'))
    .where('cid', '=', p('cid'))
    .where('service_kind', 'is', null)
    .where('state', 'in', ['pending', 'active'])
    .where('joined_at', 'is not', null)
    .where('hidden', '<=', p('hidden'))
    .groupBy('shown_role'),
);
const selectMutes = prepared<{ cid: CallCid }, { user_id: UserId; kind: TrackKind }>((db, p) =>
  db
    .selectFrom('call_mutes')
    .select(['user_id', 'kind'])
    .where('cid', '=', p('cid'))
    .where('user_id', 'in', (eb) =>
      eb
        .selectFrom('media_sessions')
        .select('user_id')
        .where('cid', '=', p('cid'))
        .where('state', 'in', ['pending', 'active']),
    ),
);
const selectPins = prepared<{ cid: CallCid }, CallPinsTable>((db, p) =>
  db
    .selectFrom('call_pins')
    .selectAll()
    .where('cid', '=', p('cid'))
    .orderBy('pinned_at')
    .orderBy('session_id'),
);
const selectBlockedIds = prepared<{ cid: CallCid }, { user_id: UserId }>((db, p) =>
  db
    .selectFrom('call_blocks')
    .select('user_id')
    .where('cid', '=', p('cid'))
    .orderBy('created_at')
    .orderBy('user_id'),
);

/** What somebody who was rung answered. */
export type RingAnswer = Pick<RingCalleesTable, 'user_id' | 'answer' | 'answered_at' | 'missed_at'>;
type Span = { cid: CallCid; since: number; until: number };

const selectAnswers = prepared<Span & { limit: number }, RingAnswer>((db, p) =>
  db
    .selectFrom('rings')
    .innerJoin('ring_callees', 'ring_callees.ring_id', 'rings.id')
    .select(['ring_callees.user_id', 'ring_callees.answer'])
    .select(['ring_callees.answered_at', 'ring_callees.missed_at'])
    .where('rings.cid', '=', p('cid'))
    .where('rings.started_at', '>=', p('since'))
    .where('rings.started_at', '<=', p('until'))
    .where((eb) => eb.or([eb('answered_at', 'is not', null), eb('missed_at', 'is not', null)]))
    .orderBy('rings.started_at', 'desc')
    .limit(p('limit')),
);

/** Answers to what was rung between the two times, the oldest first; of many, the newest 250. */
export const answersOf = remembered<[cid: CallCid, since: number, until: number], readonly RingAnswer[]>(
  async (handle, cid, since, until) =>
    (await selectAnswers.all(handle, { cid, since, until, limit: VIEW_LIMITS.participants })).reverse(),
);

/** People who are in the call now, longest first; hidden ones only when asked for. */
export const participantsOf = (
  handle: Handle,
  cid: CallCid,
  withHidden: boolean,
): Promise<readonly SessionWithUser[]> => sessionsIn(handle, cid, withHidden ? 1 : 0);

const sessionsIn = remembered<[cid: CallCid, hidden: Flag], readonly SessionWithUser[]>(
  (handle, cid, hidden) => selectSessions.all(handle, { cid, hidden, limit: VIEW_LIMITS.participants }),
);

/** How many are in the call, by role; for calls with more people than are listed. */
export const participantCounts = (handle: Handle, cid: CallCid, withHidden: boolean) =>
  countByRole.all(handle, { cid, hidden: withHidden ? 1 : 0 });

/** Muted kinds of the people in the call. */
export const mutedKinds = remembered<[cid: CallCid], ReadonlyMap<UserId, TrackKind[]>>(
  async (handle, cid) => {
    const byUser = new Map<UserId, TrackKind[]>();
    for (const { user_id, kind } of await selectMutes.all(handle, { cid })) {
      byUser.set(user_id, [...(byUser.get(user_id) ?? []), kind].sort());
    }
    return byUser;
  },
);

export const pinsOf = remembered<[cid: CallCid], readonly CallPinsTable[]>((handle, cid) =>
  selectPins.all(handle, { cid }),
);

/**
 * The people blocked on the call, first blocked first; at most `VIEW_LIMITS.blockedUsers` come with their users. Two
 * statements, because nearly always the first finds nobody: a join that finds nobody costs four times as much.
 */
export const blockedOn = remembered<[cid: CallCid], { ids: readonly UserId[]; users: readonly UserRow[] }>(
  async (handle, cid) => {
    const ids = (await selectBlockedIds.all(handle, { cid })).map((row) => row.user_id);
    const shown = ids.slice(0, VIEW_LIMITS.blockedUsers);
    const users = await findUsers(handle, shown);
    return { ids, users: shown.flatMap((id) => users.get(id) ?? []) };
  },
);
