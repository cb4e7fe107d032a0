import { DataPacket, type UserPacket } from '@livekit/protocol';
import type { DataLabel } from '../transport/transport.ts';
import { isGone, isHidden, type Participant, type Room } from './state.ts';

/** What is handed on; the rest is the server's to say, or needs LiveKit. */
const FORWARDED: ReadonlySet<DataPacket['value']['case']> = new Set([
  ...(['user', 'chatMessage', 'sipDtmf', 'transcription'] as const),
  ...(['rpcRequest', 'rpcAck', 'rpcResponse', 'streamHeader', 'streamChunk', 'streamTrailer'] as const),
]);

/** What one participant may send in a second. */
export interface DataPace {
  /** False: too much. */
  take(bytes: number, nowMs: number): boolean;
}

/** Counts from one whole second to the next. */
export function createDataPace(mostPackets: number, mostBytes: number): DataPace {
  let second = 0;
  let packets = 0;
  let bytes = 0;
  return {
    take(length, nowMs) {
      const now = Math.floor(nowMs / 1000);
      if (now !== second) [second, packets, bytes] = [now, 0, 0];
      packets += 1;
      bytes += length;
      return packets <= mostPackets && bytes <= mostBytes;
    },
  };
}

/**
 * A packet of a participant goes to those whom it names, or to everybody else. Who sent it is what we know, not what it
 * says; of somebody hidden it says nothing. Answers why it was dropped; undefined: it was handed on.
 */
export function routeData(sender: Participant, label: DataLabel, bytes: Uint8Array): string | undefined {
  if (isGone(sender) || !sender.permission.canPublishData) return 'not allowed';
  if (bytes.length > sender.room.limits.data) return 'too long';
  const packet = read(bytes);
  if (!packet || !FORWARDED.has(packet.value.case)) return 'not forwarded';
  const [sid, identity] = isHidden(sender) ? ['', ''] : [sender.sid, sender.identity];
  packet.participantSid = sid;
  packet.participantIdentity = identity;
  const user = packet.value.case === 'user' ? packet.value.value : undefined;
  if (user) Object.assign(user, { participantSid: sid, participantIdentity: identity });
  deliver(sender.room, label, packet, namedIn(sender.room, packet, user), sender);
  return undefined;
}

function read(bytes: Uint8Array): DataPacket | undefined {
  try {
    return DataPacket.fromBinary(bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

/** Whom the packet names, in the newer and in the older fields; undefined: nobody, so it is for all. */
function namedIn(room: Room, packet: DataPacket, user: UserPacket | undefined): Set<string> | undefined {
  const bySid = new Set(user?.destinationSids);
  const sids = [...room.participants.values()].filter(({ sid }) => bySid.has(sid));
  const named = [...packet.destinationIdentities, ...(user?.destinationIdentities ?? [])];
  const all = new Set([...named, ...sids.map(({ identity }) => identity)]);
  return named.length + bySid.size === 0 ? undefined : all;
}

/** Hands a packet on, to those of `to` who are there, or to everybody but `except`. */
export function deliver(
  room: Room,
  label: DataLabel,
  packet: DataPacket,
  to: ReadonlySet<string> | undefined,
  except?: Participant,
): void {
  const bytes = packet.toBinary();
  for (const participant of room.participants.values()) {
    if (participant === except || (to && !to.has(participant.identity))) continue;
    participant.connection.sendData(label, bytes);
  }
}
