import type {
  DataPacket,
  ParticipantInfo,
  ParticipantPermission,
  Room,
  TrackInfo,
  WebhookEvent,
} from '@livekit/protocol';

/** What RoomService may ask for. Each method throws `NotFound` where the room, participant or track is not there. */
export interface RoomControl {
  createRoom(request: {
    name: string;
    metadata: string;
    emptyTimeoutS: number;
    maxParticipants: number;
  }): Room;
  listRooms(names: readonly string[]): Room[];
  /** Everybody is told to leave (ROOM_DELETED) and closed before it returns. */
  deleteRoom(name: string): void;
  updateRoomMetadata(name: string, metadata: string): Room;
  listParticipants(room: string): ParticipantInfo[];
  getParticipant(room: string, identity: string): ParticipantInfo;
  /** Transports are closed in the same tick: no packet of theirs is forwarded after it has returned. */
  removeParticipant(room: string, identity: string): void;
  mutePublishedTrack(room: string, identity: string, trackSid: string, muted: boolean): TrackInfo;
  updateParticipant(room: string, identity: string, change: ParticipantChange): ParticipantInfo;
  updateSubscriptions(room: string, identity: string, trackSids: readonly string[], subscribe: boolean): void;
  sendData(room: string, packet: DataPacket, to: readonly string[]): void;
  /** Called for everything that LiveKit reports by webhook, in order. */
  onEvent(handler: (event: WebhookEvent) => void): void;
}

/** Fields that are absent stay as they are; `permission` replaces the whole permission (LiveKit does so, too). */
export interface ParticipantChange {
  readonly name?: string;
  readonly metadata?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly permission?: ParticipantPermission;
}

/** The room, participant or track is not there: twirp's `not_found`. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}
