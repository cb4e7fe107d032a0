import type { EventType, UserId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import type { Act } from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField } from './actor.ts';
import type { Asking } from './caller-person.ts';
import { type ShownUserResponse, userResponse } from './user.ts';
import { auditedDifference, changesPolicy } from './user-change.ts';
import { blockedIdsOf, saveUsers, type UserRow } from './users.store.ts';

/** One user as an act changes it; `before` absent: the user is new. */
export interface UserChange {
  before: UserRow | undefined;
  after: UserRow;
  event: Extract<EventType, `user.${string}`>;
}

/** Holds the users until the act ends; call it before reading them. */
export const lockUsers = (tx: Tx, ids: readonly UserId[]): Promise<void> =>
  tx.lock(...ids.map((id) => `user:${id}` as const));

/**
 * Writes the users that differ, with one audit record for all, one event each, and the sessions of those whose
 * policy may have changed. Nothing differs: nothing is written.
 */
export async function recordChanges(
  act: Act,
  action: string,
  changes: readonly UserChange[],
  asId: UserId | null = null,
): Promise<void> {
  const real = changes.filter(differs);
  if (real.length === 0) return;
  await writeChanges(act, real, asId);
  act.audit({ action, asId, ...auditOf(real) });
}

/** As `recordChanges`, with an audit record of its own for each user, in `Acts.performMany`. */
export async function recordEachChange(
  act: Act,
  action: string,
  changes: readonly UserChange[],
  asId: UserId | null,
): Promise<void> {
  const real = changes.filter(differs);
  if (real.length === 0) return;
  await writeChanges(act, real, asId);
  for (const change of real) act.audit({ action, asId, ...auditOf([change]) });
}

const differs = ({ before, after }: UserChange): boolean => before !== after;

async function writeChanges(act: Act, changes: readonly UserChange[], asId: UserId | null): Promise<void> {
  const rows = changes.map(({ after }) => after);
  const [actor] = await Promise.all([
    actorField(act, asId ?? callerUserId(act.caller)),
    saveUsers(act.tx, rows),
  ]);
  for (const { after, event } of changes) {
    // A user hears of changes to its own profile; the rest is for webhooks.
    const audience = event === 'user.updated' ? { users: [after.id] } : {};
    act.event({ type: event, audience, payload: { user: userResponse(after, act.now), ...actor } });
  }
  const userIds = changes
    .filter(({ before, after }) => changesPolicy(before, after))
    .map(({ after }) => after.id);
  if (userIds.length > 0) act.enforce({ userIds });
}

/** Before and after by id; a single user is also the target, so that the log of that user shows the act. */
function auditOf(changes: readonly UserChange[]) {
  const told = changes.map(({ before, after }) => [after.id, auditedDifference(before, after)] as const);
  const [first] = told;
  return {
    ...(told.length === 1 && first && { target: { type: 'user' as const, id: first[0] } }),
    before: Object.fromEntries(told.map(([id, { before }]) => [id, before])),
    after: Object.fromEntries(told.map(([id, { after }]) => [id, after])),
  };
}

/** The users as the caller may see them, by id: `blocked_user_ids` for servers and of the caller's own user. */
export async function shownUsers(
  asking: Pick<Asking, 'tx' | 'now' | 'caller'>,
  rows: readonly UserRow[],
): Promise<Record<string, ShownUserResponse>> {
  const { tx, now, caller } = asking;
  const isOwn = (row: UserRow): boolean => callerUserId(caller) === row.id;
  const isOpen = (row: UserRow): boolean => caller.kind === 'server' || isOwn(row);
  const blocked = await blockedIdsOf(
    tx,
    rows.filter(isOpen).map((row) => row.id),
  );
  const withRevocation = caller.kind === 'server';
  return Object.fromEntries(
    rows.map((row) => {
      const blockedUserIds = blocked.get(row.id);
      const shown = { withRevocation, toThemselves: isOwn(row), ...(blockedUserIds && { blockedUserIds }) };
      return [row.id, userResponse(row, now, shown)];
    }),
  );
}
