export { actorField } from './actor.ts';
export { quotaAddress } from './address.ts';
export { addressesOf, purgeAddresses, rememberAddress, rememberSeen, type Seen } from './addresses.store.ts';
export { type Asking, callerPerson, demandSameTeam, shareTeam } from './caller-person.ts';
export { createAnonymousPerson } from './create-anonymous-person.ts';
export { createGuest } from './create-guest.ts';
export { deactivateUser } from './deactivate-user.ts';
export { deactivateUsers } from './deactivate-users.ts';
export { deleteUsers } from './delete-users.ts';
export { endGuest, GUEST_END } from './end-guest.ts';
export {
  exportHandler,
  exportUsers,
  FACTS_PAGE,
  type PersonFact,
  type PersonSource,
} from './export-users.ts';
export { purgeExpired, purgeGuestStarts } from './guests.store.ts';
export { ownUser } from './own-user.ts';
export { queryUsers } from './query-users.ts';
export { reactivateUser } from './reactivate-user.ts';
export { reactivateUsers } from './reactivate-users.ts';
export { lockUsers, recordChanges } from './record-changes.ts';
export { registerUser } from './register-user.ts';
export { restoreUsers } from './restore-users.ts';
export { signServerToken, signUserToken, type UserTokenClaims } from './token.ts';
export { updateUsersPartial } from './update-users-partial.ts';
export { upsertUsers } from './upsert-users.ts';
export * from './user.ts';
export { blankUser } from './user-change.ts';
export { userTaskHandlers } from './user-tasks.ts';
export * from './users.store.ts';
