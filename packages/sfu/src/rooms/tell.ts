import {
  type DisconnectReason,
  type ParticipantInfo,
  ParticipantInfo_State,
  ParticipantUpdate,
} from '@livekit/protocol';
import { frameOf, participantInfo } from './describe.ts';
import { isHidden, type Message, type Participant, type Room } from './state.ts';

/** Departures that are kept for who resumes. */
const MOST_DEPARTED = 200;

/** Tells one participant. */
export const tell = ({ connection }: Participant, message: Message): void =>
  connection.tell(frameOf(message));

/** Tells everybody in the room but `except`; written once. */
export function tellAll(room: Room, message: Message, except?: Participant): void {
  const frame = frameOf(message);
  for (const participant of room.participants.values()) {
    if (participant !== except) participant.connection.tell(frame);
  }
}

/** Something of the participant changed: its next version goes to everybody who may know of them, themselves included. */
export function tellOfChange(participant: Participant): void {
  participant.version += 1;
  const message: Message = {
    case: 'update',
    value: new ParticipantUpdate({ participants: [participantInfo(participant)] }),
  };
  if (isHidden(participant)) tell(participant, message);
  else tellAll(participant.room, message);
}

/** The participant came: the others are told, unless they may not know. */
export function tellOfArrival(participant: Participant): void {
  participant.version += 1;
  if (!isHidden(participant)) tellOthers(participant);
}

/** For the others the participant is gone: it left, or they may not know of it any more. */
export function tellOfDeparture(participant: Participant, reason?: DisconnectReason): void {
  participant.version += 1;
  const { departed } = participant.room;
  departed.push(tellOthers(participant, reason, ParticipantInfo_State.DISCONNECTED));
  if (departed.length > MOST_DEPARTED) departed.shift();
}

function tellOthers(
  participant: Participant,
  reason?: DisconnectReason,
  state?: ParticipantInfo_State,
): ParticipantInfo {
  const info = participantInfo(participant, reason, state);
  const value = new ParticipantUpdate({ participants: [info] });
  tellAll(participant.room, { case: 'update', value }, participant);
  return info;
}
