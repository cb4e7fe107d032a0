import type { CallgateEvent, CallResponse } from '@callgate/contract';
import { describe, expect, test } from 'vitest';
import { reduceEvent } from './reduce.ts';
import { type CallState, outcomeOf, STARTING } from './state.ts';

const OWN = { userId: 'sara' };
const event = (fields: object): CallgateEvent => fields as CallgateEvent;
const user = (id: string) => ({ id, name: id.toUpperCase() });
const person = (id: string) => ({ user: user(id), user_session_id: `s-${id}`, role: 'user', muted: [] });
const inCall = (...ids: string[]): CallState => ({
  ...STARTING,
  phase: 'in',
  sessionId: 's-sara',
  call: { blocked_user_ids: [], session: { participants: ids.map(person) } } as object as CallResponse,
});
const removed = event({ type: 'call.kicked_user', user: user('sara'), actor: user('hana') });

describe('what events make of the call', () => {
  test('[PLY22] the end of the media does not hide why, and later events do not hide a leave', () => {
    const cut = {
      ...inCall('sara'),
      phase: 'gone' as const,
      gone: { reason: 'disconnected' as const, by: undefined },
    };
    expect(reduceEvent(cut, removed, OWN).gone).toEqual({ reason: 'kicked', by: 'HANA' });
    const leaver = { ...cut, gone: { reason: 'left' as const, by: undefined } };
    expect(reduceEvent(leaver, removed, OWN).gone).toEqual({ reason: 'left', by: undefined });
  });

  test('[PLY22] whose access is switched off learns it from the end of the event socket, once in the call', () => {
    const closing = (details: unknown[]) => event({ type: 'connection.error', error: { details } });
    const off = closing([null, { reason: 'deactivated' }]);
    expect(reduceEvent(STARTING, off, OWN)).toBe(STARTING);
    for (const details of [[], ['deactivated'], [{ reason: 'token_revoked' }]])
      expect(reduceEvent(inCall('sara'), closing(details), OWN).phase).toBe('in');
    expect(reduceEvent(inCall('sara'), off, OWN).gone).toEqual({ reason: 'deactivated', by: undefined });
  });

  test('[PLY22] what happens to others puts nobody else out', () => {
    const seen = reduceEvent(
      inCall('sara', 'bob'),
      event({ type: 'call.blocked_user', user: user('bob') }),
      OWN,
    );
    expect([seen.phase, seen.call?.blocked_user_ids]).toEqual(['in', ['bob']]);
    expect(seen.call?.session?.participants.map((one) => one.user.id)).toEqual(['sara']);
  });

  test('[PLY20] a mute of others is shown with them and is no notice here', () => {
    const mute = event({ type: 'call.user_muted', user_ids: ['bob'], muted_by_id: 'hana', audio: true });
    const seen = reduceEvent(inCall('sara', 'bob'), mute, OWN);
    expect(seen.notice).toBe(undefined);
    expect(seen.call?.session?.participants.map(({ muted }) => muted)).toEqual([[], ['audio']]);
    const again = reduceEvent(
      seen,
      event({ type: 'call.user_unmuted', user: user('bob'), audio: true }),
      OWN,
    );
    expect(again.call?.session?.participants.map(({ muted }) => muted)).toEqual([[], []]);
  });

  test('[PLY23] a ring is not shown to who is in, and ends when the caller gives up', () => {
    const ring = event({ type: 'call.ring', user: user('hana') });
    expect(reduceEvent(inCall('sara'), ring, OWN).ring).toBe(undefined);
    const rung = reduceEvent(STARTING, ring, OWN);
    expect(rung.ring).toEqual({ name: 'HANA' });
    expect(reduceEvent(rung, event({ type: 'call.rejected', user: user('hana') }), OWN).ring).toBe(undefined);
  });

  test('[PLY19] an outcome says what the reply said', () => {
    const told = (state: 'applied' | 'pending' | 'no_media', took_ms: number) =>
      outcomeOf({ state, took_ms, sessions: 1, tracks: 0 });
    expect([
      told('applied', 11.6),
      told('applied', 0.2),
      told('pending', 2000.4),
      told('no_media', 1),
    ]).toEqual(['applied in 12 ms', 'applied in 1 ms', 'pending after 2000 ms', 'done, no media to bind']);
    expect(outcomeOf(undefined)).toBe('done');
  });
});
