export { createMediaPeer, DEFAULT_MEDIA_OPTIONS } from './media/create-media-peer.ts';
export { mediaClock } from './media/media-clock.ts';
export type * from './media/media-peer.ts';
export { NotFound, type ParticipantChange, type RoomControl } from './rooms/room-control.ts';
export { createTransports, DEFAULT_LISTEN_OPTIONS, endTransports } from './transport/create-transports.ts';
export type { ListenOptions } from './transport/pipe-transport.ts';
export type * from './transport/transport.ts';
