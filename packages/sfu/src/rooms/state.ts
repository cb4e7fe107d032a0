import { randomBytes } from 'node:crypto';
import {
  type AddTrackRequest,
  type DisconnectReason,
  type LeaveRequest_Action,
  type ParticipantInfo,
  type ParticipantInfo_Kind,
  ParticipantInfo_State,
  type ParticipantPermission,
  type SignalResponse,
  type SubscriptionPermission,
  type TrackInfo,
} from '@livekit/protocol';
import type { Codec, Kind, MediaPeer } from '../media/media-peer.ts';
import type { DataLabel } from '../transport/transport.ts';
import type { Limits } from './limits.ts';

export type Message = SignalResponse['message'];

/** What a join token says of its bearer. */
export interface JoinGrants {
  readonly identity: string;
  readonly room: string;
  readonly name: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly kind: ParticipantInfo_Kind;
  readonly permission: ParticipantPermission;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** A participant's client, as the room sees it. No method throws. */
export interface ParticipantConnection {
  /** An encoded message to the signalling socket; lost where none is open (the client asks again when it resumes). */
  tell(frame: Uint8Array): void;
  /** `wanted` changed: what is in it no more is not sent from this tick on, what is new is negotiated. */
  wantsChanged(): void;
  /** False where it could not be sent. */
  sendData(label: DataLabel, packet: Uint8Array): boolean;
  /** In the same tick no media flows any more; then the client is told, and its socket closed. */
  end(reason: DisconnectReason, action: LeaveRequest_Action): void;
}

/** The connection of somebody who is not told anything yet. */
export const NOT_CONNECTED: ParticipantConnection = {
  tell: () => undefined,
  wantsChanged: () => undefined,
  sendData: () => false,
  end: () => undefined,
};

/** A track from its declaration on. */
export interface Track {
  readonly sid: string;
  readonly kind: Kind;
  /** The client's own id of it, as declared. */
  readonly cid: string;
  readonly declared: AddTrackRequest;
  readonly owner: Participant;
  readonly info: TrackInfo;
  /** Undefined until an offer of the client brought it: only then it is published. */
  codec: Codec | undefined;
  /** Somebody has been sent it. */
  isSubscribed: boolean;
}

/** Somebody in a room: what holds of them now. Changed by the verbs of this folder alone. */
export interface Participant {
  readonly sid: string;
  readonly identity: string;
  readonly kind: ParticipantInfo_Kind;
  readonly room: Room;
  readonly joinedAtMs: number;
  /** Of the token that they came with, in seconds since 1970. */
  readonly expiresAt: number;
  readonly media: MediaPeer;
  /** `NOT_CONNECTED` until the signalling side has made one. */
  connection: ParticipantConnection;
  readonly autoSubscribe: boolean;
  readonly clientProtocol: number;
  name: string;
  metadata: string;
  attributes: Readonly<Record<string, string>>;
  permission: ParticipantPermission;
  state: ParticipantInfo_State;
  /** Rises with each change that others are told of. */
  version: number;
  /** Declared and published, by sid. */
  readonly tracks: Map<string, Track>;
  /** What they said themselves, or the API for them, by track: subscribed or not. */
  readonly choices: Map<string, boolean>;
  /** What they are to be sent now, by track. */
  readonly wanted: Map<string, Track>;
  /** Who may subscribe to their tracks, as their own client says; undefined: everybody. */
  audience: SubscriptionPermission | undefined;
}

export interface Room {
  readonly sid: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** Seconds that it stays although nobody came yet, and after the last has left. */
  emptyTimeoutS: number;
  departureTimeoutS: number;
  /** 0: as many as the server takes. */
  maxParticipants: number;
  readonly limits: Limits;
  metadata: string;
  /** By identity. */
  readonly participants: Map<string, Participant>;
  /** When it was made or the last left; undefined while somebody is in. */
  emptySinceMs: number | undefined;
  hadSomebody: boolean;
  /** Who left last, as the others were told: who resumes may have missed it. At most `MOST_DEPARTED`. */
  readonly departed: ParticipantInfo[];
  readonly report: Report;
  /** Hands the participant a token of what holds of them now. */
  readonly refreshToken: (participant: Participant) => void;
}

/** What LiveKit's webhooks tell of, by their names. */
export type ReportName =
  | 'room_started'
  | 'room_finished'
  | 'participant_joined'
  | 'participant_left'
  | 'participant_connection_aborted'
  | 'track_published'
  | 'track_unpublished';

export type Report = (
  name: ReportName,
  about: { room: Room; participant?: Participant; track?: Track; reason?: DisconnectReason },
) => void;

/** LiveKit's clients tell sids apart by these. */
export const newSid = (prefix: 'PA' | 'RM' | 'TR' | 'EV'): string =>
  `${prefix}_${randomBytes(8).toString('hex').slice(0, 14)}`;

/** Whether others may know of them. */
export const isHidden = ({ permission }: Participant): boolean => permission.hidden;

export const isActive = ({ state }: Participant): boolean => state === ParticipantInfo_State.ACTIVE;

export const isGone = ({ state }: Participant): boolean => state === ParticipantInfo_State.DISCONNECTED;
