import type { CallTypeName } from '@callgate/contract';
import type { Database } from '../../storage/database.ts';
import { demandServer } from '../enforcement/index.ts';
import type { Caller } from '../policy/index.ts';
import { callTypeResponse } from './call-type.ts';
import { callTypes } from './call-types.store.ts';
import { requireCallType } from './require-call-type.ts';

/** Every call type by name. Server tokens only: grants tell what people may do. */
export function listCallTypes(database: Database, caller: Caller) {
  demandServer(caller);
  return database.read(async (snapshot) => {
    const types = [...(await callTypes(snapshot)).values()];
    return { call_types: Object.fromEntries(types.map((type) => [type.name, callTypeResponse(type)])) };
  });
}

/** One call type, or 404/16. Server tokens only. */
export function getCallType(database: Database, caller: Caller, input: { name: CallTypeName }) {
  demandServer(caller);
  return database.read(async (snapshot) => callTypeResponse(await requireCallType(snapshot, input.name)));
}
