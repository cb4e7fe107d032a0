export { blockUser } from './block-user.ts';
export { checkBlockable } from './call-block.ts';
export { addBlock, blockedUserIds, isBlocked } from './call-blocks.store.ts';
export { unblockUser } from './unblock-user.ts';
