import {
  CreateRoomRequest,
  DataPacket,
  DeleteRoomRequest,
  DeleteRoomResponse,
  ListParticipantsRequest,
  ListParticipantsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  MuteRoomTrackRequest,
  MuteRoomTrackResponse,
  RemoveParticipantResponse,
  RoomParticipantIdentity,
  SendDataRequest,
  SendDataResponse,
  UpdateParticipantRequest,
  UpdateRoomMetadataRequest,
  UpdateSubscriptionsRequest,
  UpdateSubscriptionsResponse,
  UserPacket,
} from '@livekit/protocol';
import type { ParticipantChange, RoomControl } from '../rooms/room-control.ts';
import { adminOf, type Method, method } from './method.ts';
import { MAX, within } from './request-limits.ts';
import { needsLiveKit, TwirpError } from './twirp-error.ts';

/** RoomService's methods by name, as livekit-server-sdk calls them. */
export const ROOM_METHODS: ReadonlyMap<string, Method> = new Map([
  ['CreateRoom', method(CreateRoomRequest, ({ roomCreate }) => roomCreate, createRoom)],
  ['ListRooms', method(ListRoomsRequest, ({ roomList }) => roomList, listRooms)],
  ['DeleteRoom', method(DeleteRoomRequest, ({ roomCreate }) => roomCreate, deleteRoom)],
  ['UpdateRoomMetadata', method(UpdateRoomMetadataRequest, adminOf, updateRoomMetadata)],
  ['ListParticipants', method(ListParticipantsRequest, adminOf, listParticipants)],
  [
    'GetParticipant',
    method(RoomParticipantIdentity, adminOf, (control, { room, identity }) =>
      control.getParticipant(room, identity),
    ),
  ],
  ['RemoveParticipant', method(RoomParticipantIdentity, adminOf, removeParticipant)],
  ['MutePublishedTrack', method(MuteRoomTrackRequest, adminOf, mutePublishedTrack)],
  ['UpdateParticipant', method(UpdateParticipantRequest, adminOf, updateParticipant)],
  ['UpdateSubscriptions', method(UpdateSubscriptionsRequest, adminOf, updateSubscriptions)],
  ['SendData', method(SendDataRequest, adminOf, sendData)],
]);

/** Methods of RoomService, and whole services, that only LiveKit has. */
export const LIVEKIT_METHODS: ReadonlySet<string> = new Set([
  'ForwardParticipant',
  'MoveParticipant',
  'PerformRpc',
]);

function createRoom(control: RoomControl, request: CreateRoomRequest) {
  if (request.name === '') throw new TwirpError('invalid_argument', 'name: give the room a name');
  within('name', request.name, MAX.name);
  within('metadata', request.metadata, MAX.metadata);
  const past = PAST_OUR_ROOMS.find((field) => {
    const value = request[field];
    return Array.isArray(value) ? value.length > 0 : Boolean(value);
  });
  if (past !== undefined) throw needsLiveKit(`CreateRoom with ${past}`);
  if (Object.keys(request.tags).length > 0) throw needsLiveKit('CreateRoom with tags');
  const { name, metadata, maxParticipants } = request;
  const { emptyTimeout: emptyTimeoutS, departureTimeout: departureTimeoutS } = request;
  return control.createRoom({ name, metadata, emptyTimeoutS, departureTimeoutS, maxParticipants });
}

const PAST_OUR_ROOMS = [
  'roomPreset',
  'egress',
  'minPlayoutDelay',
  'maxPlayoutDelay',
  'syncStreams',
  'replayEnabled',
  'agents',
] as const;

function listRooms(control: RoomControl, { names }: ListRoomsRequest) {
  return new ListRoomsResponse({ rooms: control.listRooms(names) });
}

function deleteRoom(control: RoomControl, { room }: DeleteRoomRequest) {
  control.deleteRoom(room);
  return new DeleteRoomResponse();
}

function updateRoomMetadata(control: RoomControl, { room, metadata }: UpdateRoomMetadataRequest) {
  within('metadata', metadata, MAX.metadata);
  return control.updateRoomMetadata(room, metadata);
}

function listParticipants(control: RoomControl, { room }: ListParticipantsRequest) {
  return new ListParticipantsResponse({ participants: control.listParticipants(room) });
}

/** As LiveKit does, `revokeTokenTs` is not looked at: who must stay out is the door's to know. */
function removeParticipant(control: RoomControl, { room, identity }: RoomParticipantIdentity) {
  control.removeParticipant(room, identity);
  return new RemoveParticipantResponse();
}

function mutePublishedTrack(control: RoomControl, request: MuteRoomTrackRequest) {
  const { room, identity, trackSid, muted } = request;
  return new MuteRoomTrackResponse({ track: control.mutePublishedTrack(room, identity, trackSid, muted) });
}

/** What is empty stays as it is, as in LiveKit; a permission replaces the whole permission. */
function updateParticipant(control: RoomControl, request: UpdateParticipantRequest) {
  const { room, identity, name, metadata, attributes, permission } = request;
  within('name', name, MAX.name);
  within('metadata', metadata, MAX.metadata);
  const entries = Object.entries(attributes);
  within('attributes', entries.flat().join(''), MAX.metadata);
  const change: ParticipantChange = {
    ...(name !== '' && { name }),
    ...(metadata !== '' && { metadata }),
    ...(entries.length > 0 && { attributes }),
    ...(permission && { permission }),
  };
  return control.updateParticipant(room, identity, change);
}

function updateSubscriptions(control: RoomControl, request: UpdateSubscriptionsRequest) {
  const { room, identity, trackSids, participantTracks, subscribe } = request;
  const sids = new Set([...trackSids, ...participantTracks.flatMap((one) => one.trackSids)]);
  if (sids.size > MAX.tracks)
    throw new TwirpError('invalid_argument', `trackSids: at most ${MAX.tracks} tracks at once`);
  control.updateSubscriptions(room, identity, [...sids], subscribe);
  return new UpdateSubscriptionsResponse();
}

function sendData(control: RoomControl, request: SendDataRequest) {
  const { room, data, kind, destinationSids, destinationIdentities, topic, nonce } = request;
  if (data.length > MAX.data)
    throw new TwirpError('invalid_argument', `data: at most ${MAX.data} bytes at once`);
  within('topic', topic ?? '', MAX.name);
  const value = new UserPacket({
    ...{ payload: data, destinationSids, destinationIdentities, nonce },
    ...(topic !== undefined && { topic }),
  });
  const packet = new DataPacket({ kind, destinationIdentities, value: { case: 'user', value } });
  control.sendData(room, packet, destinationIdentities);
  return new SendDataResponse();
}
