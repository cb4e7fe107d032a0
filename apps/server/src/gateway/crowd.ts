import type { SessionId } from '@callgate/contract';
import { ApiError } from '../kernel/errors.ts';

/** Connections at once: of one session (the old and the new one of a resume, and a spare), person, address, of all. */
export const MOST_OF_SESSION = 3;
const MOST_OF_PERSON = 50;
const MOST_OF_ADDRESS = 500;
const MOST = 20_000;

/** Counts who is at the door or through it. */
export interface Crowd {
  /** Throws 429 when there are too many; answers how to leave, which may be called twice. */
  enter(address: string, who: { sessionId: SessionId; identity: string }): () => void;
}

export function createCrowd(): Crowd {
  const counts = new Map<string, number>();
  let all = 0;
  const add = (key: string, by: 1 | -1): void => {
    const now = (counts.get(key) ?? 0) + by;
    if (now > 0) counts.set(key, now);
    else counts.delete(key);
  };
  const demandRoom = (key: string, most: number, whose: string): void => {
    if ((counts.get(key) ?? 0) >= most) throw tooMany(`more than ${most} media connections of ${whose}`);
  };
  return {
    enter(address, { sessionId, identity }) {
      const person = identity.slice(0, identity.lastIndexOf('#'));
      // No user id has a colon: a service of one name may be in any number of calls.
      const isPerson = !person.includes(':');
      const keys = [
        `address ${address}`,
        `session ${sessionId}`,
        ...(isPerson ? [`person ${person}`] : []),
      ] as const;
      demandRoom(keys[0], MOST_OF_ADDRESS, 'this address');
      demandRoom(keys[1], MOST_OF_SESSION, 'this session');
      if (isPerson) demandRoom(`person ${person}`, MOST_OF_PERSON, 'this person');
      if (all >= MOST) throw tooMany('too many media connections');
      for (const key of keys) add(key, 1);
      all++;
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        all--;
        for (const key of keys) add(key, -1);
      };
    },
  };
}

const tooMany = (message: string): ApiError =>
  new ApiError('rate_limited', message, { retryAfterSeconds: 5 });
