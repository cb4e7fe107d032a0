export { type CallType, callTypeResponse } from './call-type.ts';
export { callTypes, holdCallType, settingsHeld } from './call-types.store.ts';
export { createCallType } from './create-call-type.ts';
export { deleteCallType } from './delete-call-type.ts';
export { getCallType, listCallTypes } from './read-call-types.ts';
export { requireCallType } from './require-call-type.ts';
export { seedCallTypes } from './seed-call-types.ts';
export * from './settings.ts';
export { CALL_TYPE_LIMITS, updateCallType } from './update-call-type.ts';
