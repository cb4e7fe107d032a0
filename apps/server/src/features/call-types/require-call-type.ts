import type { CallTypeName } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import type { CallType } from './call-type.ts';
import { callTypes } from './call-types.store.ts';

/** The call type, or 404/16. */
export async function requireCallType(handle: Handle, name: CallTypeName): Promise<CallType> {
  const type = (await callTypes(handle)).get(name);
  if (!type) throw notFound('call type', name);
  return type;
}
