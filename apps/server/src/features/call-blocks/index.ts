export { blockUser } from './block-user.ts';
export { checkBlockable } from './call-block.ts';
export { addBlock, blockedUserIds, blockOf } from './call-blocks.store.ts';
export { unblockUser } from './unblock-user.ts';
