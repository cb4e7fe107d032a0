export { createRole } from './create-role.ts';
export { deleteRole } from './delete-role.ts';
export { listRoles } from './list-roles.ts';
export { requireRoles } from './require-roles.ts';
export { roleRanks } from './role-ranks.ts';
export { seedRoles } from './seed-roles.ts';
