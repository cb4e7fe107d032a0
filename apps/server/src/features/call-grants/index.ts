export { grantsColumn, grantsIn, grantsOf } from './call-grants.store.ts';
export { updateUserPermissions } from './update-user-permissions.ts';
