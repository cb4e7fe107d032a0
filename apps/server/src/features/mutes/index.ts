export { type MuteInput, muteUsers } from './mute-users.ts';
export { mutesOfCall } from './mutes.store.ts';
