export { queryMembers } from './query-members.ts';
export { updateMembers } from './update-members.ts';
