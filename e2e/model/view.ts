import { PEOPLE, type Person, PLACES, type Place } from './commands.ts';
import {
  byToken,
  capabilities,
  isInForce,
  isRevoked,
  joinRefusal,
  readRefusal,
  settingsOf,
} from './rules.ts';
import type { Ban, Model } from './state.ts';

/*
 * What is compared after each step, as plain texts. Both sides make one: the model here, the server in `observe.ts`.
 */

export interface View {
  /** Per call: who is in with what is muted, who is blocked, the mute records, the requests, backstage. */
  calls: Record<
    Place,
    { in: string[]; blocked: string[]; mutes: string[]; requests: string[]; closed: boolean }
  >;
  /** Per person and call: why they may not join, and `own_capabilities`. */
  may: Record<Person, Record<Place, { join: string; can: string }>>;
  /** What those whom the step names are answered when they read its call over HTTP. */
  read: Partial<Record<Person, string>>;
  /** Bans in force as the list shows them. */
  bans: string[];
  /** Records and events so far. */
  audits: number;
  events: number;
}

/** The call that is read over HTTP, and by whom. */
export interface Looking {
  place: Place;
  readers: readonly Person[];
}

export const MAY = 'may';
export const sorted = (texts: Iterable<string>): string[] => [...texts].sort();

/** A ban as text. */
export const banText = (
  person: string,
  place: string | null,
  ban: { reason: string | null; until: number | null; isIp: boolean },
): string =>
  `${person} ${place ?? 'app'} ${ban.reason ?? '-'} ${ban.until === null ? 'for good' : new Date(ban.until).toISOString()}${ban.isIp ? ' ip' : ''}`;

/** What the model says is to be seen. */
export function predicted(
  model: Model,
  { place, readers }: Looking,
  counts: { audits: number; events: number },
): View {
  return {
    calls: each(PLACES, (at) => callView(model, at)),
    may: each(PEOPLE, (person) =>
      each(PLACES, (at) => ({
        join: joinRefusal(model, at, person, byToken(model, person)) ?? MAY,
        can: sorted(capabilities(model, at, person, byToken(model, person))).join(' '),
      })),
    ),
    read: each(readers, (person) => readView(model, place, person)),
    bans: bansView(model),
    ...counts,
  };
}

export const each = <K extends string, V>(keys: readonly K[], make: (key: K) => V): Record<K, V> =>
  Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>;

function callView(model: Model, place: Place): View['calls'][Place] {
  const call = model.calls[place];
  const mutedOf = (person: Person) =>
    sorted(
      [...call.mutes].flatMap((key) => (key.startsWith(`${person} `) ? [key.slice(person.length + 1)] : [])),
    );
  return {
    in: sorted(call.sessions.map(({ person }) => [person, ...mutedOf(person)].join(' '))),
    blocked: sorted(call.blocked),
    mutes: sorted(call.mutes),
    requests: sorted(
      call.requests.map((request) => `${request.person} ${request.permission} ${request.state}`),
    ),
    closed: call.inBackstage && settingsOf(model, place).backstage,
  };
}

function readView(model: Model, place: Place, person: Person): string {
  const asking = byToken(model, person);
  if (isRevoked(model, person, model.people[person].tokenAt)) return '401/5';
  const reason = readRefusal(model, place, person, asking);
  return reason ? `403/17 ${reason}` : `200 ${sorted(capabilities(model, place, person, asking)).join(' ')}`;
}

function bansView(model: Model): string[] {
  const text = (person: Person, place: Place | null, ban: Ban | null | undefined): string[] =>
    isInForce(ban, model.now) ? [banText(person, place, { ...ban, isIp: ban.prefixes !== null })] : [];
  return sorted(
    PEOPLE.flatMap((person) => [
      ...text(person, null, model.people[person].ban),
      ...PLACES.flatMap((place) => text(person, place, model.calls[place].bans.get(person))),
    ]),
  );
}

/** Where two views differ, one line per place; empty: nowhere. */
export function differences(expected: unknown, actual: unknown, path = ''): string[] {
  if (isTree(expected) && isTree(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => differences(expected[key], actual[key], path ? `${path}.${key}` : key));
  }
  const [model, server] = [JSON.stringify(expected), JSON.stringify(actual)];
  if (model === server) return [];
  if (typeof expected === 'string' && typeof actual === 'string' && expected.length + actual.length > LONG) {
    const [said, did] = [expected.split(' '), actual.split(' ')];
    const only = (of: string[], other: string[]) =>
      of.filter((word) => !other.includes(word)).join(' ') || 'nothing';
    return [`${path}: only the model says ${only(said, did)}; only the server ${only(did, said)}`];
  }
  return [`${path}: the model says ${model}, the server ${server}`];
}

/** Longer texts are told by the words in which they differ. */
const LONG = 160;

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
