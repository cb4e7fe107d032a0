import type {
  CallgateEvent,
  CallParticipantResponse,
  EventOf,
  Requestable,
  TrackKind,
} from '@callgate/contract';
import type { CallState, GoneReason, RingAnswer } from './state.ts';
import { kindName, thingOf } from './wording.ts';

const REQUESTABLE: readonly Requestable[] = ['send-audio', 'send-video', 'screenshare'];
const KINDS: readonly TrackKind[] = ['audio', 'video', 'screenshare', 'screenshare_audio'];

/** Who this page is, for events that concern it. */
export interface Own {
  userId: string;
}

/** The call as it is after an event. Pure; what an event does not say is read again (`mustReadAgain`). */
export function reduceEvent(state: CallState, event: CallgateEvent, own: Own): CallState {
  switch (event.type) {
    case 'call.session_participant_joined':
      return withPeople(state, (people) => [
        ...people.filter((one) => one.user_session_id !== event.participant.user_session_id),
        event.participant,
      ]);
    case 'call.session_participant_left':
      return left(state, event);
    case 'call.user_muted':
    case 'call.user_unmuted':
      return mutesChanged(state, event, own);
    case 'call.permissions_updated':
      return permissionsUpdated(state, event, own);
    case 'call.permission_request':
    case 'call.permission_request_updated':
      return requestsChanged(state, event, own);
    case 'call.kicked_user':
    case 'call.blocked_user':
      return removed(state, event, own);
    case 'connection.error':
      return turnedAway(state, event);
    case 'call.ended':
      return { ...state, call: event.call, ...out(state, 'ended', nameOf(event.user)) };
    case 'call.ring':
    case 'call.accepted':
    case 'call.rejected':
    case 'call.missed':
      return ringChanged(state, event, own);
    default:
      return state;
  }
}

/** Events after which somebody whose join was refused may be let in. */
export const mayLetIn = ({ type }: CallgateEvent): boolean =>
  /^call\.(updated|member_|live_started|unblocked_user|permissions_updated)/.test(type);

/** Events after which the page reads the call again: they change rights, members or settings, or who is there. */
export const mustReadAgain = (event: CallgateEvent): boolean =>
  mayLetIn(event) || event.type.startsWith('call.session_');

type People = readonly CallParticipantResponse[];

function withPeople(state: CallState, change: (people: People) => People): CallState {
  const { call } = state;
  if (!call?.session) return state;
  const participants = [...change(call.session.participants)];
  return { ...state, call: { ...call, session: { ...call.session, participants } } };
}

function left(state: CallState, event: EventOf<'call.session_participant_left'>): CallState {
  const { user_session_id: sessionId } = event.participant;
  const next = withPeople(state, (people) => people.filter((one) => one.user_session_id !== sessionId));
  const isMine = sessionId === state.sessionId;
  return isMine ? { ...next, ...out(state, event.reason ?? 'left', undefined) } : next;
}

type Muting = EventOf<'call.user_muted'> | EventOf<'call.user_unmuted'>;

function mutesChanged(state: CallState, event: Muting, own: Own): CallState {
  const isMuted = event.type === 'call.user_muted';
  const ids: readonly string[] = isMuted ? event.user_ids : [event.user.id];
  const kinds = KINDS.filter((kind) => event[kind] === true);
  const next = withPeople(state, (people) =>
    people.map((one) => {
      if (!ids.includes(one.user.id)) return one;
      const others = one.muted.filter((kind) => !kinds.includes(kind));
      return { ...one, muted: isMuted ? [...others, ...kinds] : others };
    }),
  );
  if (!isMuted || !ids.includes(own.userId)) return next;
  const by = event.muted_by_id === undefined ? 'the server' : personName(state, event.muted_by_id);
  const things = kinds.map(kindName).join(' and ');
  return { ...next, notice: `Your ${things} was muted by ${by}. You may switch it on again.` };
}

function permissionsUpdated(
  state: CallState,
  event: EventOf<'call.permissions_updated'>,
  own: Own,
): CallState {
  const { user, own_capabilities: held } = event;
  const requests = state.requests.filter(
    (asked) => asked.user_id !== user.id || !held.includes(asked.permission),
  );
  if (user.id !== own.userId) return { ...state, requests };
  const notice = rightsNotice(state, event) ?? state.notice;
  return { ...state, requests, rights: new Set(held), notice };
}

/** What somebody may send now, or no more; undefined where nothing of it changed. */
function rightsNotice(
  { rights }: CallState,
  { own_capabilities: held, actor }: EventOf<'call.permissions_updated'>,
): string | undefined {
  const by = nameOf(actor);
  const gained = REQUESTABLE.filter((right) => held.includes(right) && !rights.has(right)).map(thingOf);
  const lost = REQUESTABLE.filter((right) => !held.includes(right) && rights.has(right)).map(thingOf);
  const told = [
    ...(gained.length > 0 ? [`You may use your ${gained.join(' and ')} now`] : []),
    ...(lost.length > 0 ? [`You may not use your ${lost.join(' and ')} any more`] : []),
  ];
  return told.length === 0 ? undefined : `${told.join('. ')}${by === undefined ? '' : `, says ${by}`}.`;
}

type Asking = EventOf<'call.permission_request'> | EventOf<'call.permission_request_updated'>;

function requestsChanged(state: CallState, event: Asking, own: Own): CallState {
  if (event.type === 'call.permission_request') {
    const ids = new Set<string>(event.permission_requests.map(({ id }) => id));
    const others = state.requests.filter(({ id }) => !ids.has(id));
    return { ...state, requests: [...others, ...event.permission_requests] };
  }
  const { permission_request: answered } = event;
  const requests = state.requests.filter(({ id }) => id !== answered.id);
  if (answered.user_id !== own.userId || answered.state !== 'denied') return { ...state, requests };
  const why = answered.reason ? `: ${answered.reason}` : '';
  return { ...state, requests, notice: `You may not use your ${thingOf(answered.permission)}${why}.` };
}

type Removal = EventOf<'call.kicked_user'> | EventOf<'call.blocked_user'>;

function removed(state: CallState, event: Removal, own: Own): CallState {
  const reason: GoneReason = event.type === 'call.kicked_user' ? 'kicked' : 'blocked';
  const next = withPeople(state, (people) => people.filter((one) => one.user.id !== event.user.id));
  if (event.user.id !== own.userId) {
    if (reason !== 'blocked' || !next.call) return next;
    const blocked = [...new Set([...next.call.blocked_user_ids, event.user.id])];
    return { ...next, call: { ...next.call, blocked_user_ids: blocked } };
  }
  return { ...next, ...out(state, reason, nameOf(event.actor)) };
}

/** Why the server closes the event socket of somebody who is in the call. */
const TURNED_AWAY = ['deactivated', 'deleted', 'address_banned'] as const;

function turnedAway(state: CallState, { error }: EventOf<'connection.error'>): CallState {
  const reasons = error.details.map((detail) => (detail as { reason?: unknown } | null)?.reason);
  const reason = TURNED_AWAY.find((one) => reasons.includes(one));
  if (reason === undefined || state.phase === 'lobby') return state;
  return { ...state, ...out(state, reason, undefined) };
}

/**
 * Out of the call for a reason. The media's end may be heard before the event that says why, and what somebody did
 * themselves is not overwritten by what happens after.
 */
function out(state: CallState, reason: GoneReason, by: string | undefined): Partial<CallState> {
  const { phase, gone } = state;
  if (phase === 'gone' && gone?.reason !== 'disconnected') return {};
  return { phase: 'gone', gone: { reason, by }, ring: undefined, notice: undefined };
}

type Ringing =
  | EventOf<'call.ring'>
  | EventOf<'call.accepted'>
  | EventOf<'call.rejected'>
  | EventOf<'call.missed'>;

function ringChanged(state: CallState, event: Ringing, own: Own): CallState {
  if (event.type === 'call.ring') {
    if (event.user.id === own.userId || state.phase === 'in') return state;
    return { ...state, ring: { name: nameOf(event.user) ?? 'Somebody' } };
  }
  if (event.type === 'call.missed') {
    const missed = event.members.map(({ user_id }) => user_id as string);
    const rung = Object.fromEntries(missed.map((id): [string, RingAnswer] => [id, 'missed']));
    return {
      ...state,
      rung: { ...state.rung, ...rung },
      ring: missed.includes(own.userId) ? undefined : state.ring,
    };
  }
  const answer: RingAnswer = event.type === 'call.accepted' ? 'accepted' : 'rejected';
  // The caller who gives up, or whose time is over, rejects too: then nothing rings any more.
  const ring = state.ring && event.type === 'call.rejected' ? undefined : state.ring;
  return { ...state, ring, rung: { ...state.rung, [event.user.id]: answer } };
}

const nameOf = (user: { id: string; name?: string } | undefined): string | undefined =>
  user && (user.name ?? user.id);

/** The name of somebody in the call or among its members; else their id. */
export function personName({ call, members }: CallState, userId: string): string {
  const inCall = call?.session?.participants.find(({ user }) => user.id === userId)?.user;
  return nameOf(inCall ?? members.find(({ user_id }) => user_id === userId)?.user) ?? userId;
}

/** What an event of somebody else's reads like; undefined: nothing worth a line. */
export function lineOf(
  state: CallState,
  event: CallgateEvent,
): { text: string; userId?: string } | undefined {
  switch (event.type) {
    case 'call.session_participant_joined':
      return { text: `${nameOf(event.participant.user)} joined`, userId: event.participant.user.id };
    case 'call.session_participant_left':
      return { text: `${nameOf(event.participant.user)} left (${event.reason ?? 'left'})` };
    case 'call.user_muted':
      return { text: mutedText(state, event) };
    case 'call.user_unmuted':
      return { text: `${nameOf(event.user)} unmuted themselves` };
    case 'call.kicked_user':
      return { text: `${nameOf(event.user)} was removed by ${nameOf(event.actor) ?? 'the server'}` };
    case 'call.blocked_user':
      return { text: `${nameOf(event.user)} was blocked by ${nameOf(event.actor) ?? 'the server'}` };
    case 'call.permission_request':
      return { text: `${nameOf(event.user)} asks for: ${event.permissions.map(thingOf).join(', ')}` };
    case 'call.permissions_updated':
      return { text: `What ${nameOf(event.user)} may do has changed`, userId: event.user.id };
    case 'call.live_started':
      return { text: 'The call is live' };
    case 'call.accepted':
      return { text: `${nameOf(event.user)} accepted the ring` };
    case 'call.rejected':
      return { text: `${nameOf(event.user)} did not take the ring (${event.reason ?? 'rejected'})` };
    default:
      return undefined;
  }
}

function mutedText(state: CallState, event: EventOf<'call.user_muted'>): string {
  const by = event.muted_by_id === undefined ? 'The server' : personName(state, event.muted_by_id);
  const whom = event.user_ids.map((id) => personName(state, id)).join(', ');
  const what = KINDS.filter((kind) => event[kind] === true).map(kindName);
  return `${by} muted ${whom} (${what.join(', ')})`;
}
