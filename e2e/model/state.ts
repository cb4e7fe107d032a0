import { readFileSync } from 'node:fs';
import { PEOPLE, type Person, PLACES, type Place } from './commands.ts';

/*
 * What the model believes. It is written from docs/spec and shares no code with the server. Times in milliseconds.
 */

export type Kind = 'audio' | 'video' | 'screensharing';
export interface Settings {
  audio: string;
  video: string;
  screensharing: string;
  backstage: boolean;
  max: number | null;
}

export interface Ban {
  reason: string | null;
  /** Null: for good. */
  until: number | null;
  /** The addresses that it took; null: it takes none. */
  prefixes: string[] | null;
}

export interface PersonState {
  role: string;
  deactivated: boolean;
  deleted: boolean;
  revokedBefore: number | null;
  /** When the token was issued that the person uses. */
  tokenAt: number;
  /** Where the person comes from now. */
  address: string;
  /** Addresses of joins with the time of the latest. */
  seen: Map<string, number>;
  ban: Ban | null;
}

export interface SessionState {
  person: Person;
  tokenAt: number | null;
  address: string | null;
  at: number;
}

export interface RequestState {
  person: Person;
  permission: string;
  state: 'pending' | 'granted' | 'denied' | 'withdrawn' | 'expired';
}

export interface CallState {
  members: Map<Person, string>;
  blocked: Set<Person>;
  bans: Map<Person, Ban>;
  /** `person capability` to `granted` or `revoked`. */
  said: Map<string, 'granted' | 'revoked'>;
  /** `person kind`. */
  mutes: Set<string>;
  requests: RequestState[];
  sessions: SessionState[];
  override: Partial<Settings>;
  inBackstage: boolean;
  endedAt: number | null;
  /** The last session of the call until its end is told; `emptiedAt`: since when nobody is in. */
  session: { startedAt: number; emptiedAt: number | null } | null;
}

export interface Model {
  now: number;
  appRevokedBefore: number | null;
  people: Record<Person, PersonState>;
  calls: Record<Place, CallState>;
  type: { settings: Settings; grants: Map<string, ReadonlySet<string>> };
}

export const CREATOR: Person = 'anna';
export const FIRST_ROLES: Record<Person, string> = {
  anna: 'user',
  bela: 'user',
  cleo: 'moderator',
  dora: 'user',
};
export const HOME = '203.0.113.77';

/** The world as `world.ts` sets it up at the start of a history. */
export function firstModel(now: number): Model {
  const person = (id: Person): PersonState => ({
    role: FIRST_ROLES[id],
    deactivated: false,
    deleted: false,
    revokedBefore: null,
    tokenAt: now,
    address: HOME,
    seen: new Map(),
    ban: null,
  });
  const call = (): CallState => ({
    members: new Map([['bela', 'call_member']]),
    blocked: new Set(),
    bans: new Map(),
    said: new Map(),
    mutes: new Set(),
    requests: [],
    sessions: [],
    override: {},
    inBackstage: false,
    endedAt: null,
    session: null,
  });
  return {
    now,
    appRevokedBefore: null,
    people: recordOf(PEOPLE, person),
    calls: recordOf(PLACES, call),
    type: {
      settings: { audio: 'on', video: 'on', screensharing: 'on', backstage: false, max: null },
      grants: new Map(DEFAULT_GRANTS),
    },
  };
}

const recordOf = <K extends string, V>(keys: readonly K[], make: (key: K) => V): Record<K, V> =>
  Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>;

/** What the letters of PRM10's table stand for. */
const LETTERS: Record<string, string> = {
  a: 'admin',
  m: 'moderator',
  h: 'host',
  u: 'user',
  c: 'call_member',
  s: 'speaker',
  b: 'broadcaster',
  v: 'viewer',
};

/** The grants of the call type `default` as docs/spec/permissions.md lists them: role to capabilities. */
const DEFAULT_GRANTS: ReadonlyMap<string, ReadonlySet<string>> = grantsOfSpec();

function grantsOfSpec(): Map<string, Set<string>> {
  const spec = readFileSync(new URL('../../docs/spec/permissions.md', import.meta.url), 'utf8');
  const table = spec.split('**PRM10**')[1]?.split('**PRM11**')[0] ?? '';
  const grants = new Map<string, Set<string>>();
  for (const [, capability = '', letters = ''] of table.matchAll(/^ *\| ([a-z-]+) \| ([a-z.]{10}) \|/gm)) {
    for (const letter of letters) {
      const role = LETTERS[letter];
      if (role) grants.set(role, (grants.get(role) ?? new Set()).add(capability));
    }
  }
  if ((grants.get('host')?.size ?? 0) < 10) throw new Error('the table of PRM10 was not understood');
  return grants;
}
