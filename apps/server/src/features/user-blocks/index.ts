export { blockUsers } from './block-users.ts';
export { getBlockedUsers } from './get-blocked-users.ts';
export { unblockUsers } from './unblock-users.ts';
export { blockedEitherWay, blockersOf } from './user-blocks.store.ts';
