export { type AddressBans, createAddressBans, type Hits, outcomeResponse } from './address-bans.ts';
export { type AddressPlan, prefixTexts } from './address-plan.ts';
export { NEVER_ENDS, prefixesOfBan } from './ip-bans.store.ts';
