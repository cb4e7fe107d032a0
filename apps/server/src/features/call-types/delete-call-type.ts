import type { CallTypeName } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { callTypeResponse } from './call-type.ts';
import { anyCallOf, removeCallType } from './call-types.store.ts';
import { requireCallType } from './require-call-type.ts';

/**
 * Deletes a call type of the application. Server tokens only. 404/16 for an unknown one, 400/4 for one that is
 * built in or that calls have.
 */
export function deleteCallType(
  acts: Acts,
  request: ActRequest,
  input: { name: CallTypeName },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const { name } = input;
    await act.tx.lock(`call-type:${name}`);
    const type = await requireCallType(act.tx, name);
    if (type.builtIn) throw inputError('name', `call type "${name}" is built in`);

    // First the row, which waits for calls that are being created; then the look, which sees them.
    await removeCallType(act.tx, name);
    if (await anyCallOf(act.tx, name)) throw inputError('name', `there are calls of the type "${name}"`);
    const before = callTypeResponse(type);
    act.audit({ action: 'call_type.delete', target: { type: 'call_type', id: name }, before });
    act.event({ type: 'call_type.deleted', audience: {}, payload: { call_type: before } });
    return {};
  });
}
