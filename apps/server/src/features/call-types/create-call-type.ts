import { type CreateCallTypeRequest, LIMITS } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { builtInCallType, callTypeResponse, changedCallType } from './call-type.ts';
import { callTypes, saveCallType } from './call-types.store.ts';
import { requireGrantedRoles } from './granted-roles.ts';

/**
 * Creates a call type; what the request leaves out is as in the built-in `default`. Server tokens only. 400/4 for
 * a name that is taken, an unknown role and more than 200 types.
 */
export function createCallType(
  acts: Acts,
  request: ActRequest,
  input: CreateCallTypeRequest,
): Promise<ActReply<ReturnType<typeof callTypeResponse>>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const { name, ...changes } = input;
    // `roles` serialises creations: the number of types is bounded, and named roles stay.
    await act.tx.lock('roles', `call-type:${name}`);
    await requireGrantedRoles(act.tx, changes.grants);
    const known = await callTypes(act.tx);
    if (known.has(name)) throw inputError('name', `call type "${name}" exists`);
    if (known.size >= LIMITS.callTypes)
      throw inputError('name', `there are ${LIMITS.callTypes} call types; delete one`);

    const base = { ...builtInCallType('default', act.now), name, builtIn: false };
    const type = changedCallType(base, changes, act.now);
    await saveCallType(act.tx, type);
    act.created();
    const body = callTypeResponse(type);
    act.audit({ action: 'call_type.create', target: { type: 'call_type', id: name }, after: body });
    act.event({ type: 'call_type.created', audience: {}, payload: { call_type: body } });
    return body;
  });
}
