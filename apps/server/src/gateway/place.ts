import type { DoorConnection, JoinClaims, OpenDoors } from '../features/media/index.ts';
import type { Crowd } from './crowd.ts';

/** A place at the door, from the first look at a token to the end of its connection. */
export interface Place {
  /** Where the client is. */
  readonly address: string;
  /** Set once an act has shut the session out while its client was on the way in. */
  readonly refusedFor: string | undefined;
  /** From now on the relay answers for the session. */
  taken(): void;
  /** Gives the place back. */
  leave(): void;
}

/**
 * Takes a place; throws 429 when there is none. Acts find a client that is on its way in among the open doors, so that
 * none gets through after an act has answered.
 */
export function takePlace(
  { crowd, doors }: { crowd: Crowd; doors: OpenDoors },
  address: string,
  claims: JoinClaims,
): Place {
  const { sessionId } = claims;
  const leave = crowd.enter(address, claims);
  let refusedFor: string | undefined;
  const waiting: DoorConnection = {
    sessionId,
    async close(reason) {
      refusedFor ??= reason;
    },
    refresh: async () => 0,
    published: () => [],
  };
  doors.add(waiting);
  return {
    address,
    get refusedFor() {
      return refusedFor;
    },
    taken: () => doors.remove(waiting),
    leave() {
      doors.remove(waiting);
      leave();
    },
  };
}
