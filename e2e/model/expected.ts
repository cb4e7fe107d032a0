import type { Actor, Command, Place } from './commands.ts';
import { type Asking, byServer, byToken, capabilities, isRevoked, rankIn, stayRefusal } from './rules.ts';
import type { Ban, CallState, Model } from './state.ts';

/** What the model says that a command answers and leaves behind. */
export interface Expected {
  status: number;
  /** The error's code. */
  code?: number;
  /** Audit records: one exactly when something changed. */
  audits: 0 | 1;
  /** Types of the events, in any order. */
  events: string[];
}

/** One command's rule: changes the model as the server is to change, and says what it answers. */
export type Rule = (model: Model, command: Command) => Expected;

export const nothing = (status = 200): Expected => ({ status, audits: 0, events: [] });
export const changed = (events: string[], status = 200): Expected => ({ status, audits: 1, events });
export const refused = (status: number, code: number): Expected => ({ ...nothing(status), code });
export const FORBIDDEN = refused(403, 17);
export const WRONG = refused(400, 4);
export const MISSING = refused(404, 16);

/** How a token is refused before anything else is asked (TOK2, USR42, USR52). */
export function tokenRefusal(model: Model, by: Actor): Expected | null {
  if (by === 'server') return null;
  const { tokenAt, deleted, deactivated } = model.people[by];
  if (isRevoked(model, by, tokenAt)) return refused(401, 5);
  return deleted || deactivated ? FORBIDDEN : null;
}

/** Whether the one who acts holds one of the capabilities in the call. */
export function may(model: Model, by: Actor, place: Place, ...anyOf: string[]): boolean {
  if (by === 'server') return true;
  const own = capabilities(model, place, by, byToken(model, by));
  return anyOf.some((capability) => own.has(capability));
}

/** Rank (PRM23): 400 for oneself, 403 for people whose rank is not lower; null: go on. Servers are exempt. */
export function rankRefusal(model: Model, { by, whom, in: place }: Command): Expected | null {
  if (by === 'server') return null;
  if (by === whom) return WRONG;
  return rankIn(model, place, by) <= rankIn(model, place, whom) ? FORBIDDEN : null;
}

export const askingOf = (model: Model, by: Actor): Asking =>
  by === 'server' ? byServer : byToken(model, by);

/** Ends the sessions that `isOver` names and notes when a call is empty; the events that tell it. */
export function endSessions(
  model: Model,
  place: Place,
  isOver: (session: Model['calls'][Place]['sessions'][number]) => boolean,
): string[] {
  const call = model.calls[place];
  const gone = call.sessions.filter(isOver);
  call.sessions = call.sessions.filter((session) => !gone.includes(session));
  if (gone.length > 0 && call.sessions.length === 0 && call.session && call.session.emptiedAt === null) {
    call.session.emptiedAt = model.now;
  }
  return gone.map(() => 'call.session_participant_left');
}

/** After every act nobody is in a call who may not stay: the events of those who go. */
export const sweep = (model: Model): string[] =>
  (Object.keys(model.calls) as Place[]).flatMap((place) =>
    endSessions(model, place, (session) => stayRefusal(model, place, session) !== null),
  );

/** Whether a join at this time belongs to the last session (SES14). */
export function isRunning({ session, endedAt }: CallState, now: number): boolean {
  if (!session || (endedAt !== null && session.startedAt <= endedAt)) return false;
  return session.emptiedAt === null || now <= session.emptiedAt + 30_000;
}

/** What the server does by itself because time has passed: records and events that tell it. */
export interface Elapsed {
  audits: number;
  events: string[];
}

/** Bans end and are told of, each with a record (BAN20); sessions end and are told of (SES21). */
export function elapse(model: Model): Elapsed {
  const isOver = (ban: Ban | null | undefined): boolean =>
    !!ban && ban.until !== null && ban.until <= model.now;
  let bansOver = 0;
  for (const person of Object.values(model.people)) {
    if (!isOver(person.ban)) continue;
    person.ban = null;
    bansOver += 1;
  }
  let sessionsOver = 0;
  for (const call of Object.values(model.calls)) {
    for (const [person, ban] of call.bans) if (isOver(ban) && call.bans.delete(person)) bansOver += 1;
    // One that ended with its call has been told of.
    const endedWithCall = call.endedAt !== null && (call.session?.startedAt ?? 0) <= call.endedAt;
    if (!call.session || endedWithCall || isRunning(call, model.now)) continue;
    call.session = null;
    sessionsOver += 1;
  }
  const told = (times: number, type: string): string[] => Array.from({ length: times }, () => type);
  return {
    audits: bansOver,
    events: [...told(bansOver, 'user.unbanned'), ...told(sessionsOver, 'call.session_ended')],
  };
}
