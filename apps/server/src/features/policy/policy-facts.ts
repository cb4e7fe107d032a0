import type { CallCid, Capability, RoleName, UserId } from '@callgate/contract';

/*
 * Everything that `participantPolicy` decides on. Read in one snapshot by `policy-reader.ts`.
 * Times in milliseconds.
 */

/** The person asked about. */
export interface PersonFacts {
  /** Null for an anonymous caller who has not joined. */
  id: UserId | null;
  role: RoleName;
  /** Rank of `role`. */
  rank: number;
  teams: readonly string[];
  deactivated: boolean;
  deleted: boolean;
  /** A guest or anonymous person whose row ran out. */
  expiresAt: number | null;
  /** Tokens issued before this are refused: the later of the user's and the application's date. */
  tokensRevokedBefore: number | null;
  /** Banned in the whole application (in force now). */
  banned: boolean;
  /** The request's (or session's) address is banned; never true for server tokens. */
  addressBanned: boolean;
}

/** The token that the request or session came with; null: acted for by a server token. */
export interface TokenFacts {
  issuedAt: number | null;
  callCids: readonly CallCid[] | null;
  role: RoleName | null;
}

/** The settings that policy reads, overrides applied. */
export interface PolicySettings {
  audio: { enabled: boolean; access_request_enabled: boolean };
  video: { enabled: boolean; access_request_enabled: boolean };
  screensharing: { enabled: boolean; access_request_enabled: boolean };
  backstage: { enabled: boolean; join_ahead_time_seconds: number };
  limits: { max_participants: number | null; max_duration_seconds: number | null };
}

export interface CallFacts {
  cid: CallCid;
  team: string | null;
  settings: PolicySettings;
  /** The call type's grants: role -> capabilities. */
  grants: Readonly<Record<string, readonly Capability[]>>;
  backstage: boolean;
  startsAt: number | null;
  endedAt: number | null;
  /** Start of the running session; null while none runs. */
  sessionStartedAt: number | null;
  /** Seats taken by visible sessions, this person's asking session not counted. */
  seatsTaken: number;
}

/** What is particular to this person in this call. */
export interface ParticipationFacts {
  /** `host` for the creator who is not listed; null for others who are not members. */
  memberRole: RoleName | null;
  blocked: boolean;
  /** A ban with `channel_cid` of this call, in force. */
  bannedHere: boolean;
  granted: ReadonlySet<Capability>;
  revoked: ReadonlySet<Capability>;
  /** Join tokens and sessions of a lower epoch are void (kick raises it). */
  epoch: number;
}

/** A session that is already there, when one is asked about. */
export interface SessionFacts {
  epoch: number;
  createdAt: number;
}

export interface PolicyFacts {
  now: number;
  app: { multiTenant: boolean; guests: boolean; anonymous: boolean };
  person: PersonFacts;
  token: TokenFacts | null;
  call: CallFacts;
  participation: ParticipationFacts;
  session?: SessionFacts;
  /** The join asked for, or the session asked about, is hidden (api.md 0.16). (Default: false) */
  hidden?: boolean;
}
