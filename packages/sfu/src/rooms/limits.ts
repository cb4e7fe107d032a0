/** Bounds of rooms and of their signalling. What is past one is refused, or dropped and counted; nothing queues without end. */
export interface Limits {
  readonly rooms: number;
  /** Of one room, whatever the room itself allows. */
  readonly participants: number;
  /** Tracks that one participant has declared or publishes. */
  readonly tracks: number;
  /** Audio and video m-lines of one connection. */
  readonly sections: number;
  /** Tracks that one participant has said something of: subscriptions, settings. */
  readonly choices: number;
  /** Characters of a name, an identity, a room's name, a client's own track id. */
  readonly name: number;
  /** Bytes of metadata; of attributes together. */
  readonly metadata: number;
  /** Bytes of one packet of data. */
  readonly data: number;
  /** Packets and bytes of data that one participant may send in a second. */
  readonly dataPackets: number;
  readonly dataBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  rooms: 1_000,
  participants: 500,
  tracks: 16,
  sections: 400,
  choices: 2_000,
  name: 256,
  metadata: 64_000,
  data: 64 * 1024,
  dataPackets: 500,
  dataBytes: 8 * 1024 * 1024,
};
