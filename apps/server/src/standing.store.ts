import type { CallCid, RoleName, UserId } from '@callgate/contract';
import { sql } from 'kysely';
import { bindingBanEnd } from './features/bans/index.ts';
import { blockOf } from './features/call-blocks/index.ts';
import { grantsColumn, grantsIn } from './features/call-grants/index.ts';
import { epochOf, memberRoleOf } from './features/calls/index.ts';
import type { Standing } from './features/policy/index.ts';
import { FACT_COLUMNS, type FactRow, factsOfRow } from './features/users/index.ts';
import type { Handle } from './storage/database.ts';
import { prepared } from './storage/prepared.ts';
import { remembered } from './storage/remembered.ts';

interface StandingRow extends FactRow {
  ban_ends: number | null;
  member_role: RoleName | null;
  blocked_id: UserId | null;
  ban_here_ends: number | null;
  grants: string | null;
  epoch: number | null;
}

/** A call that nothing is stored about. */
const NO_CALL = '' as CallCid;

const selectStanding = prepared<{ id: UserId; cid: CallCid }, StandingRow>((db, p) => {
  const userId = sql.ref<UserId>('users.id');
  const here = { userId, cid: p('cid') };
  return db
    .selectFrom('users')
    .select(FACT_COLUMNS)
    .select(bindingBanEnd(db, { userId, cid: sql.lit('') }).as('ban_ends'))
    .select(memberRoleOf(db, here).as('member_role'))
    .select(blockOf(db, here).as('blocked_id'))
    .select(bindingBanEnd(db, here).as('ban_here_ends'))
    .select(grantsColumn(db, here).as('grants'))
    .select(epochOf(db, here).as('epoch'))
    .where('users.id', '=', p('id'));
});

/** What is stored, with the ends of bans in the place of whether they are in force. */
const stored = remembered(async (handle, id: UserId, cid: CallCid) => {
  const row = await selectStanding.first(handle, { id, cid });
  return (
    row && {
      user: factsOfRow(id, row),
      banEnds: row.ban_ends,
      banHereEnds: row.ban_here_ends,
      here: {
        memberRole: row.member_role,
        blocked: row.blocked_id !== null,
        ...grantsIn(row.grants),
        epoch: row.epoch ?? 0,
      },
    }
  );
});

/** The source `standing` of policy: one statement made of what each feature says of its own table. */
export async function standingOf(
  handle: Handle,
  id: UserId,
  cid: CallCid | undefined,
  now: number,
): Promise<Standing | undefined> {
  const known = await stored(handle, id, cid ?? NO_CALL);
  if (known === undefined) return undefined;
  const { user, banEnds, banHereEnds, here } = known;
  return {
    user,
    banned: isInForce(banEnds, now),
    participation: { ...here, bannedHere: isInForce(banHereEnds, now) },
  };
}

const isInForce = (endsAt: number | null, now: number): boolean => endsAt !== null && endsAt > now;
