export { type AddressBans, createAddressBans, type Hits, outcomeResponse } from './address-bans.ts';
export { type AddressPlan, prefixTexts } from './address-plan.ts';
export { prefixesOfBan } from './ip-bans.store.ts';
