export { BAN_RANK, type BanInput } from './ban.ts';
export { type BanReply, banUser } from './ban-user.ts';
export { bindingBanEnd } from './bans.store.ts';
export { queryBans } from './query-bans.ts';
export { type UnbanInput, unbanUser } from './unban-user.ts';
