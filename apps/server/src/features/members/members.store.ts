import type { CallCid } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import { objectField, roleField, textField, timeField } from '../../storage/filter.ts';
import {
  idKey,
  type ListRequest,
  type ListShape,
  numberKey,
  type Page,
  planPage,
} from '../../storage/page.ts';
import { builderOf } from '../../storage/prepared.ts';
import type { MemberWithUser } from '../calls/index.ts';
import { ONLINE_UNTIL } from '../users/index.ts';

const MEMBERS: ListShape = {
  name: 'members',
  fields: {
    user_id: textField('call_members.user_id'),
    role: roleField('call_members.role'),
    created_at: timeField('call_members.created_at'),
    updated_at: timeField('call_members.updated_at'),
    custom: objectField('call_members.custom'),
  },
  sorts: { user_id: idKey('call_members.user_id'), created_at: numberKey('call_members.created_at') },
  defaultSort: [{ field: 'created_at', direction: 1 }],
  tieBreaker: 'user_id',
};

/** A page of the members of a call with their users. Throws 400/4 as `planPage`. */
export async function listMembers(
  handle: Handle,
  cid: CallCid,
  request: ListRequest,
): Promise<Page<MemberWithUser>> {
  const plan = planPage(MEMBERS, handle.engine, {
    ...request,
    filter_conditions: request.filter_conditions ?? {},
  });
  const query = builderOf(handle.engine)
    .selectFrom('call_members')
    .innerJoin('users', 'users.id', 'call_members.user_id')
    .leftJoin('bans', (join) => join.onRef('bans.target_user_id', '=', 'users.id').on('bans.cid', '=', ''))
    .selectAll('users')
    .select(['bans.shadow as ban_shadow', 'bans.expires_at as ban_expires_at'])
    .select(ONLINE_UNTIL)
    .select(['call_members.role as member_role', 'call_members.custom as member_custom'])
    .select(['call_members.created_at as member_created_at', 'call_members.updated_at as member_updated_at'])
    .where('call_members.cid', '=', cid);
  return plan.finish(await handle.run(plan.apply(query).compile()));
}
