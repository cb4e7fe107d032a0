export { blockUser } from './block-user.ts';
export { blockedUserIds, isBlocked } from './call-blocks.store.ts';
export { unblockUser } from './unblock-user.ts';
