import type {
  DataPacket,
  ParticipantInfo,
  ParticipantPermission,
  Room,
  TrackInfo,
  WebhookEvent,
} from '@livekit/protocol';

/**
 * What RoomService may ask for. Each method throws `NotFound` where the room, participant or track is not there, and
 * `RoomRefusal` where what is asked cannot be done; then nothing has changed.
 */
export interface RoomControl {
  /** A room that is there already takes what is not empty or 0. 0 and '': the server's own. */
  createRoom(request: {
    name: string;
    metadata: string;
    emptyTimeoutS: number;
    maxParticipants: number;
    departureTimeoutS?: number;
  }): Room;
  /** Without names: all of them. Names that there are not are left out. */
  listRooms(names: readonly string[]): Room[];
  /** Everybody is told to leave (ROOM_DELETED) and closed before it returns. */
  deleteRoom(name: string): void;
  updateRoomMetadata(name: string, metadata: string): Room;
  /** Empty where the room is not there: LiveKit answers so. */
  listParticipants(room: string): ParticipantInfo[];
  getParticipant(room: string, identity: string): ParticipantInfo;
  /** Transports are closed in the same tick: no packet of theirs is forwarded after it has returned. */
  removeParticipant(room: string, identity: string): void;
  /** To unmute is a `failed_precondition`, as at a LiveKit without `enable_remote_unmute`. */
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

/** In twirp's words. */
export type RefusalCode = 'failed_precondition' | 'invalid_argument' | 'resource_exhausted';

/** What is asked is against a rule or a bound; the message says which, and what to do. */
export class RoomRefusal extends Error {
  override readonly name = 'RoomRefusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}
