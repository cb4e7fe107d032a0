import type { CallTypeName } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import { remembered } from '../../storage/remembered.ts';
import type { CallType } from './call-type.ts';
import { callTypes } from './call-types.store.ts';

/** The call type, or 404/16. */
export const requireCallType = remembered<[name: CallTypeName], CallType>(async (handle, name) => {
  const type = (await callTypes(handle)).get(name);
  if (!type) throw notFound('call type', name);
  return type;
});
