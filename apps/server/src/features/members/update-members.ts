import type { CallCid, UpdateCallMembersRequest } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import {
  changeMembers,
  memberResponse,
  requireCall,
  type ShownMember,
  stateMemberEvents,
} from '../calls/index.ts';
import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import type { LoadedPolicy } from '../policy/index.ts';

export interface UpdateMembersInput extends UpdateCallMembersRequest {
  cid: CallCid;
}

/**
 * Adds, changes and removes members, all or none. Adding and changing needs `update-call-member`, a role
 * `update-call-member-role`, removing `remove-call-member`; people who are members already must be of lower rank,
 * and roles below one's own. What is there already changes nothing.
 */
export function updateMembers(
  acts: Acts,
  request: ActRequest,
  input: UpdateMembersInput,
): Promise<ActReply<{ members: ShownMember[] }>> {
  return acts.perform(request, async (act) => {
    const { cid, update_members: update = [], remove_members: remove = [] } = input;
    await act.tx.lock(`call:${cid}`);
    const [call, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandLists(mine, input);
    const both = remove.find((id) => update.some((member) => member.user_id === id));
    if (both) throw inputError('remove_members', `names "${both}", as update_members does`);

    const changes = await changeMembers(act, mine, call, { update, remove, field: 'update_members' });
    const members = changes.named.map((member) => memberResponse(member, act.now));
    if (changes.count === 0) return { members };
    act.audit({
      action: 'call.update_members',
      cid,
      target: { type: 'call', id: cid },
      before: { members: changes.before },
      after: { members: changes.after, removed: changes.removed },
    });
    await stateMemberEvents(act, call, changes);
    return { members };
  });
}

function demandLists(
  mine: LoadedPolicy | undefined,
  { update_members, remove_members }: UpdateMembersInput,
): void {
  if (!update_members && !remove_members) {
    demandCapability(mine, 'update-call-member', 'remove-call-member');
    throw inputError('update_members', 'name whom to add, change or remove');
  }
  if (update_members) demandCapability(mine, 'update-call-member');
  if (update_members?.some((member) => member.role !== undefined)) {
    demandCapability(mine, 'update-call-member-role');
  }
  if (remove_members) demandCapability(mine, 'remove-call-member');
}
