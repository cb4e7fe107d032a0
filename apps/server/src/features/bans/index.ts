export { BAN_RANK, type BanInput } from './ban.ts';
export { type BanReply, banUser } from './ban-user.ts';
export { bindingBanEnd, purgeBans } from './bans.store.ts';
export { BAN_END, endBan } from './end-ban.ts';
export { queryBans } from './query-bans.ts';
export { type UnbanInput, unbanUser } from './unban-user.ts';
