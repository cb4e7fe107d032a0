import type { SessionId } from '@callgate/contract';
import { describe, expect, it } from 'vitest';
import { createCrowd, MOST_OF_SESSION } from './crowd.ts';

describe('who is at the door', () => {
  const come = (identity: string, times: number, session?: string): number => {
    const crowd = createCrowd();
    for (let at = 0; at < times; at++) {
      const sessionId = (session ?? `session-${at}`) as SessionId;
      try {
        crowd.enter(`192.0.2.${at}`, { sessionId, identity: `${identity}#${sessionId}` });
      } catch {
        return at;
      }
    }
    return times;
  };

  it('[SVC18] a person has 50 connections in all calls, a service of one name any number, a session few', () => {
    expect(come('sara', 200)).toBe(50);
    expect(come('agent:bot', 200)).toBe(200);
    expect(come('agent:bot', 200, 'one')).toBe(MOST_OF_SESSION);
  });
});
