import type { Codec, ExtensionIds, Kind } from '../media/media-peer.ts';
import type { LocalParameters, RemoteParameters } from '../transport/transport.ts';

/** An audio or video m-line of a client's description. */
export interface MediaSection {
  readonly mid: string;
  readonly kind: Kind;
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** The track id of `a=msid`; the client's `cid` of AddTrack, where the browser keeps it (Firefox does not). */
  readonly trackId: string | undefined;
  /** First offered payload type of each codec that we forward; H264 with packetization-mode 1 only. */
  readonly payloadTypes: ReadonlyMap<Codec, number>;
  /** Parameters (`a=fmtp`) of its H264; an answer repeats them. */
  readonly h264Format?: string;
  /** Those that the client sends. */
  readonly extensions: ExtensionIds;
  /** Which of them it sends and does not take: the answer has them for that direction, too. */
  readonly sentExtensions?: ReadonlySet<keyof ExtensionIds>;
  /** Simulcast ids as offered, the lowest quality first; empty without simulcast. */
  readonly rids: readonly string[];
  /** Distinct sources in the order in which they are named. */
  readonly ssrcs: readonly number[];
  /** The client gave the section up (port 0 and not bundled): `inactive`, and for good under this mid. */
  readonly isRejected?: true;
}

/** A client's offer or answer. Sections stand in the order of its m-lines, `application` at most once. */
export interface Description {
  readonly parameters: RemoteParameters;
  readonly sections: readonly (MediaSection | ApplicationSection)[];
}

export interface ApplicationSection {
  readonly mid: string;
  readonly kind: 'application';
  readonly isRejected?: true;
}

/** A description was read, or why it was not. */
export type ReadDescription = { readonly description: Description } | { readonly refusal: string };

/** What we do in a section. */
export type SectionUse =
  /** The client sends a track: `recvonly`, with its rids. */
  | { readonly use: 'receive'; readonly codec: Codec; readonly rids: readonly string[] }
  /** The client receives a track: `sendonly`, `a=msid:<participant>|<track> <track>` and our ssrc. */
  | {
      readonly use: 'send';
      readonly codec: Codec;
      readonly ssrc: number;
      readonly participantSid: string;
      readonly trackSid: string;
    };

/** Our answer: sections that are not in `uses` (by mid) are `inactive`; those without a codec of ours are rejected. */
export interface AnswerRequest {
  readonly offer: Description;
  readonly local: LocalParameters;
  readonly uses: ReadonlyMap<string, SectionUse>;
}

/** A section of our own offer to a client with two connections; `unused` keeps its place. */
export interface OfferedSection {
  readonly mid: string;
  readonly kind: Kind;
  readonly use: Extract<SectionUse, { use: 'send' }> | 'unused';
}

/** Our offer. The application section comes first, with mid `0`. */
export interface OfferRequest {
  readonly local: LocalParameters;
  /** Rises with each offer of a connection. */
  readonly version: number;
  readonly sections: readonly OfferedSection[];
}
