export { acceptCall } from './accept-call.ts';
export { rejectCall } from './reject-call.ts';
export { ringCall } from './ring-call.ts';
export { ringMembers } from './ring-members.ts';
export { cancelRing, missRing, RING_CANCEL, RING_MISSED } from './ring-timers.ts';
export { purgeRings } from './rings.store.ts';
