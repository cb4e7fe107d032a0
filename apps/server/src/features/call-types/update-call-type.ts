import { isDeepStrictEqual } from 'node:util';
import type { CallTypeName, UpdateCallTypeRequest } from '@callgate/contract';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { setTimer } from '../timers/index.ts';
import { callTypeResponse, changedCallType } from './call-type.ts';
import { saveCallType } from './call-types.store.ts';
import { requireGrantedRoles } from './granted-roles.ts';
import { requireCallType } from './require-call-type.ts';

/** Moves the ends of the sessions of a type whose longest duration was changed; the key is its name (`features/calls`). */
export const CALL_TYPE_LIMITS = 'call_type.limits';

/**
 * Changes what the request names of a call type: settings and notification settings key by key, the grants of each
 * named role as a whole. Server tokens only. Everybody in a call of this type is brought to the new policy before
 * the reply; nothing changed is the same 200.
 */
export function updateCallType(
  acts: Acts,
  request: ActRequest,
  input: UpdateCallTypeRequest & { name: CallTypeName },
): Promise<ActReply<ReturnType<typeof callTypeResponse>>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const { name, ...changes } = input;
    await act.tx.lock('roles', `call-type:${name}`);
    const before = await requireCallType(act.tx, name);
    await requireGrantedRoles(act.tx, changes.grants);
    const after = changedCallType(before, changes, act.now);
    if (isDeepStrictEqual({ ...after, updatedAt: 0 }, { ...before, updatedAt: 0 }))
      return callTypeResponse(before);

    await saveCallType(act.tx, after);
    const body = callTypeResponse(after);
    act.audit({
      action: 'call_type.update',
      target: { type: 'call_type', id: name },
      before: callTypeResponse(before),
      after: body,
    });
    act.event({ type: 'call_type.updated', audience: {}, payload: { call_type: body } });
    act.enforce({ callType: name });
    const [was, is] = [before, after].map(({ settings }) => settings.limits.max_duration_seconds);
    if (was !== is) await setTimer(act.tx, { kind: CALL_TYPE_LIMITS, key: name, dueAt: act.now });
    return body;
  });
}
