import {
  BUILT_IN_CALL_TYPES,
  type BuiltInCallType,
  type CallCid,
  type Capability,
  type RoleName,
  type UserId,
} from '@callgate/contract';
import type {
  CallFacts,
  ParticipationFacts,
  PersonFacts,
  PolicyFacts,
  PolicySettings,
  SessionFacts,
  TokenFacts,
} from './policy-facts.ts';

/* Test support: situations, written as what differs from an ordinary user in an open `default` call. */

export const NOW = Date.parse('2026-03-01T12:00:00.000Z');
export const HERE = 'default:here' as CallCid;
export const ELSEWHERE = 'default:elsewhere' as CallCid;
export const roleName = (name: string): RoleName => name as RoleName;

/** What a test says of a situation. */
export interface Situation {
  now?: number;
  app?: Partial<PolicyFacts['app']>;
  person?: Partial<PersonFacts>;
  token?: Partial<TokenFacts> | null;
  type?: BuiltInCallType;
  call?: Partial<CallFacts>;
  settings?: { [Section in keyof PolicySettings]?: Partial<PolicySettings[Section]> };
  participation?: Partial<ParticipationFacts>;
  session?: SessionFacts | undefined;
  hidden?: boolean | undefined;
}

export const ORDINARY_TOKEN: TokenFacts = { issuedAt: NOW - 60_000, callCids: null, role: null };

/** The facts of a situation. Backstage is open unless `call.backstage` says otherwise. */
export function factsOf(situation: Situation = {}): PolicyFacts {
  const { now = NOW, app, person, token, call, participation, session, hidden } = situation;
  return {
    now,
    app: { multiTenant: false, guests: true, anonymous: true, ...app },
    person: { ...PERSON, ...person },
    token: token === null ? null : { ...ORDINARY_TOKEN, ...token },
    call: { ...callOf(situation), ...call },
    participation: { ...PARTICIPATION, ...participation },
    ...(session && { session }),
    ...(hidden !== undefined && { hidden }),
  };
}

const PERSON: PersonFacts = {
  id: 'sara' as UserId,
  role: roleName('user'),
  rank: 0,
  teams: [],
  deactivated: false,
  deleted: false,
  expiresAt: null,
  tokensRevokedBefore: null,
  banned: false,
  addressBanned: false,
};

const PARTICIPATION: ParticipationFacts = {
  memberRole: null,
  blocked: false,
  bannedHere: false,
  granted: new Set(),
  revoked: new Set(),
  epoch: 0,
};

function callOf({ type = 'default', settings }: Situation): CallFacts {
  const builtIn = BUILT_IN_CALL_TYPES[type];
  const { audio, video, screensharing, backstage, limits } = builtIn.settings;
  return {
    cid: HERE,
    team: null,
    settings: {
      audio: { ...gate(audio), ...settings?.audio },
      video: { ...gate(video), ...settings?.video },
      screensharing: { ...gate(screensharing), ...settings?.screensharing },
      backstage: { ...backstage, ...settings?.backstage },
      limits: { ...limits, ...settings?.limits },
    },
    grants: builtIn.grants,
    backstage: false,
    startsAt: null,
    endedAt: null,
    sessionStartedAt: null,
    seatsTaken: 0,
  };
}

/** What of a kind's settings the policy reads. */
const gate = ({ enabled, access_request_enabled }: PolicySettings['audio']): PolicySettings['audio'] => ({
  enabled,
  access_request_enabled,
});

/** A set of capabilities, for grants and revocations. */
export const setOf = (...capabilities: Capability[]): ReadonlySet<Capability> => new Set(capabilities);
