import { DisconnectReason, LeaveRequest_Action, ParticipantInfo_State } from '@livekit/protocol';
import type { MediaPeer } from '../media/media-peer.ts';
import {
  isActive,
  isGone,
  isHidden,
  type JoinGrants,
  NOT_CONNECTED,
  newSid,
  type Participant,
  type Room,
} from './state.ts';
import { decideAllFor, forgetTrack } from './subscribe.ts';
import { tellOfArrival, tellOfChange, tellOfDeparture } from './tell.ts';

/** How somebody comes in. */
export interface Entrance {
  readonly grants: JoinGrants;
  readonly autoSubscribe: boolean;
  readonly clientProtocol: number;
  readonly nowMs: number;
  readonly media: MediaPeer;
}

/**
 * Lets somebody in; a participant of the same identity is sent away first. Nobody is told yet: the caller gives it its
 * connection and its `join`, then `announce` follows.
 */
export function enter(room: Room, { grants, nowMs, ...rest }: Entrance): Participant {
  const { identity, name, metadata, attributes, kind, permission, expiresAt } = grants;
  const former = room.participants.get(identity);
  if (former) leave(former, DisconnectReason.DUPLICATE_IDENTITY, nowMs);
  const participant: Participant = {
    ...{ sid: newSid('PA'), identity, kind, room, joinedAtMs: nowMs, expiresAt, ...rest },
    ...{ name, metadata, attributes, permission, version: 0 },
    connection: NOT_CONNECTED,
    state: ParticipantInfo_State.JOINING,
    tracks: new Map(),
    choices: new Map(),
    wanted: new Map(),
    audience: undefined,
  };
  room.participants.set(identity, participant);
  room.emptySinceMs = undefined;
  room.hadSomebody = true;
  return participant;
}

/** After `join`: the others are told, and what the participant is to be sent is decided. */
export function announce(participant: Participant): void {
  participant.state = ParticipantInfo_State.JOINED;
  tellOfArrival(participant);
  decideAllFor(participant);
}

/** Media is connected. */
export function activate(participant: Participant): void {
  if (participant.state !== ParticipantInfo_State.JOINED) return;
  participant.state = ParticipantInfo_State.ACTIVE;
  tellOfChange(participant);
  participant.room.report('participant_joined', { room: participant.room, participant });
}

/**
 * Takes somebody out: in this tick their media ends, in both directions; then they and the others are told. Safe to call
 * twice. `action` is what their client shall do: DISCONNECT for good, RECONNECT to join anew.
 */
export function leave(
  participant: Participant,
  reason: DisconnectReason,
  nowMs: number,
  action: LeaveRequest_Action = LeaveRequest_Action.DISCONNECT,
): void {
  if (isGone(participant)) return;
  const { room, identity, tracks, connection } = participant;
  const wasActive = isActive(participant);
  participant.state = ParticipantInfo_State.DISCONNECTED;
  connection.end(reason, action);
  participant.wanted.clear();
  if (room.participants.get(identity) === participant) room.participants.delete(identity);
  const published = [...tracks.values()].filter(({ codec }) => codec);
  for (const track of tracks.values()) forgetTrack(room, track);
  tracks.clear();
  if (!isHidden(participant)) tellOfDeparture(participant, reason);
  for (const track of published) room.report('track_unpublished', { room, participant, track });
  room.report(wasActive ? 'participant_left' : 'participant_connection_aborted', {
    room,
    participant,
    reason,
  });
  if (room.participants.size === 0) room.emptySinceMs = nowMs;
}
