export type * from './media/media-peer.ts';
export { NotFound, type ParticipantChange, type RoomControl } from './rooms/room-control.ts';
export type * from './transport/transport.ts';
