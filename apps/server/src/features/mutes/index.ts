export { type MuteInput, muteUsers } from './mute-users.ts';
export { mutedKindsOf, mutesOfCall } from './mutes.store.ts';
export { unmuteOneself } from './unmute-oneself.ts';
