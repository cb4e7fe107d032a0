import type { CallCid, CallTypeName, SessionId, UserId } from '@callgate/contract';
import { type SqlBool, sql } from 'kysely';
import type { Handle } from '../../storage/database.ts';
import { inList, prepared } from '../../storage/prepared.ts';
import type { MediaSessionRow } from './media-sessions.store.ts';

/** Which sessions an act may have changed the policy of. Several fields of one selector narrow it. */
export type SessionSelector =
  | { userId: UserId; cid?: CallCid }
  | { userIds: readonly UserId[] }
  | { cid: CallCid }
  | { sessionIds: readonly SessionId[] }
  | { callType: CallTypeName }
  /** Everybody with a known address: an address ban changed. */
  | { addresses: true }
  | { everybody: true };

/** All sessions of the person of this one in its call; of a service itself alone. */
export const selectorOf = ({ id, cid, user_id, service_kind }: MediaSessionRow): SessionSelector =>
  service_kind === null ? { cid, userId: user_id } : { sessionIds: [id] };

/** Pending and active sessions that match any of the selectors, each once. */
export const selectSessions = (
  handle: Handle,
  selectors: readonly SessionSelector[],
): Promise<MediaSessionRow[]> => select(live, handle, selectors);

/** Those of the selected that are over and that the media server has not said to be gone yet. */
export const selectRevoked = (
  handle: Handle,
  selectors: readonly SessionSelector[],
): Promise<MediaSessionRow[]> => select(revoked, handle, selectors);

const aside = prepared<{ since: number }, MediaSessionRow>((db, p) =>
  db
    .selectFrom('media_sessions')
    .selectAll()
    .where('state', '=', 'issued')
    .where('ended_at', 'is not', null)
    .where('ended_at', '>=', p('since')),
);

/**
 * Sessions whose media was lost since that time and that match any of the selectors. What was lost may flow after all: a report
 * that came late, a client that goes on with a participant whose door gave up. Older ones the sweep has looked after.
 */
export const selectAside = async (
  handle: Handle,
  selectors: readonly SessionSelector[],
  since: number,
): Promise<MediaSessionRow[]> =>
  (await aside.all(handle, { since })).filter((row) =>
    selectors.some((selector) => isSelected(row, selector)),
  );

function isSelected({ id, cid, user_id, address }: MediaSessionRow, selector: SessionSelector): boolean {
  if ('userId' in selector) return user_id === selector.userId && (selector.cid ?? cid) === cid;
  if ('userIds' in selector) return selector.userIds.includes(user_id);
  if ('cid' in selector) return cid === selector.cid;
  if ('sessionIds' in selector) return selector.sessionIds.includes(id);
  if ('callType' in selector) return cid.startsWith(`${selector.callType}:`);
  return 'addresses' in selector ? address !== null : true;
}

/** The states are written out in the statements, or the partial indexes would not be used. */
function selectionOf(states: readonly MediaSessionRow['state'][]) {
  const ofUser = prepared<{ user_id: UserId }, MediaSessionRow>((db, p) =>
    db.selectFrom('media_sessions').selectAll().where('user_id', '=', p('user_id')).where(among(states)),
  );
  const ofPair = prepared<{ cid: CallCid; user_id: UserId }, MediaSessionRow>((db, p) =>
    db
      .selectFrom('media_sessions')
      .selectAll()
      .where('cid', '=', p('cid'))
      .where('user_id', '=', p('user_id'))
      .where(among(states)),
  );
  const ofUsers = prepared<{ ids: string }, MediaSessionRow>((db, p, engine) =>
    db
      .selectFrom('media_sessions')
      .selectAll()
      .where(inList(engine, 'user_id', p('ids')))
      .where(among(states)),
  );
  const ofIds = prepared<{ ids: string }, MediaSessionRow>((db, p, engine) =>
    db
      .selectFrom('media_sessions')
      .selectAll()
      .where(inList(engine, 'id', p('ids')))
      .where(among(states)),
  );
  const ofCall = prepared<{ cid: CallCid }, MediaSessionRow>((db, p) =>
    db
      .selectFrom('media_sessions')
      .selectAll()
      .where('cid', '=', p('cid'))
      .where(among(states))
      .orderBy('created_at')
      .orderBy('id'),
  );
  const ofType = prepared<{ type: CallTypeName }, MediaSessionRow>((db, p) =>
    db
      .selectFrom('media_sessions')
      .innerJoin('calls', 'calls.cid', 'media_sessions.cid')
      .selectAll('media_sessions')
      .where('calls.type', '=', p('type'))
      .where(among(states)),
  );
  const withAddress = prepared<Record<never, never>, MediaSessionRow>((db) =>
    db.selectFrom('media_sessions').selectAll().where('address', 'is not', null).where(among(states)),
  );
  const all = prepared<Record<never, never>, MediaSessionRow>((db) =>
    db.selectFrom('media_sessions').selectAll().where(among(states)),
  );
  return { ofUser, ofPair, ofUsers, ofIds, ofCall, ofType, withAddress, all };
}

type Selection = ReturnType<typeof selectionOf>;
type State = MediaSessionRow['state'];

const among = (states: readonly State[]) => {
  const names = states.map((state) => sql.lit(state));
  return names.length === 1
    ? sql<SqlBool>`media_sessions.state = ${names[0]}`
    : sql<SqlBool>`media_sessions.state in (${sql.join(names)})`;
};

const live = selectionOf(['pending', 'active']);
const revoked = selectionOf(['revoked']);

async function select(
  from: Selection,
  handle: Handle,
  selectors: readonly SessionSelector[],
): Promise<MediaSessionRow[]> {
  const found = await Promise.all(selectors.map((selector) => selectBy(from, handle, selector)));
  return [...new Map(found.flat().map((row) => [row.id, row])).values()];
}

function selectBy(from: Selection, handle: Handle, selector: SessionSelector): Promise<MediaSessionRow[]> {
  if ('userId' in selector) {
    const { userId: user_id, cid } = selector;
    return cid ? from.ofPair.all(handle, { cid, user_id }) : from.ofUser.all(handle, { user_id });
  }
  if ('userIds' in selector) return from.ofUsers.all(handle, { ids: JSON.stringify(selector.userIds) });
  if ('cid' in selector) return from.ofCall.all(handle, { cid: selector.cid });
  if ('sessionIds' in selector) return from.ofIds.all(handle, { ids: JSON.stringify(selector.sessionIds) });
  if ('callType' in selector) return from.ofType.all(handle, { type: selector.callType });
  return 'addresses' in selector ? from.withAddress.all(handle, {}) : from.all.all(handle, {});
}
