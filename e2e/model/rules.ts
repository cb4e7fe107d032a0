import type { Person, Place } from './commands.ts';
import { type Ban, type CallState, CREATOR, type Model, type SessionState, type Settings } from './state.ts';

/*
 * Who may what, straight from docs/spec/permissions.md (PRM1 to PRM24).
 */

/** From where, and with which token, a question is asked. `null`: acted for by a server token. */
export interface Asking {
  tokenAt: number | null;
  address: string | null;
}
export const byToken = (model: Model, person: Person): Asking => {
  const { tokenAt, address } = model.people[person];
  return { tokenAt, address };
};
export const byServer: Asking = { tokenAt: null, address: null };

export const settingsOf = (model: Model, place: Place): Settings => ({
  ...model.type.settings,
  ...model.calls[place].override,
});

const SETTING_OF: Record<string, 'audio' | 'video' | 'screensharing'> = {
  'send-audio': 'audio',
  'send-video': 'video',
  screenshare: 'screensharing',
};
const ASKED_FOR = ['user', 'call_member', 'guest', 'anonymous', 'viewer'];

/** `off`, `on` or `on_request`; undefined for what is no kind. */
export const stateOf = (model: Model, place: Place, capability: string): string | undefined => {
  const setting = SETTING_OF[capability];
  return setting && settingsOf(model, place)[setting];
};

/** The call role: as listed, host for the creator who is not, null for others. */
export const callRole = (call: CallState, person: Person): string | null =>
  call.members.get(person) ?? (person === CREATOR ? 'host' : null);

const rolesIn = (model: Model, place: Place, person: Person): string[] => {
  const role = callRole(model.calls[place], person);
  return [model.people[person].role, ...(role ? [role] : [])];
};

/** What the person's roles, grants and revocations leave, before blocks and bans. */
function held(model: Model, place: Place, person: Person): Set<string> {
  const kept = new Set<string>();
  for (const role of rolesIn(model, place, person)) {
    for (const capability of model.type.grants.get(role) ?? []) {
      const needsGrant = stateOf(model, place, capability) === 'on_request' && ASKED_FOR.includes(role);
      if (!needsGrant) kept.add(capability);
    }
  }
  for (const [key, state] of model.calls[place].said) {
    const [who, capability = ''] = key.split(' ');
    if (who !== person) continue;
    if (state === 'granted') kept.add(capability);
    else kept.delete(capability);
  }
  for (const kind of Object.keys(SETTING_OF)) if (stateOf(model, place, kind) === 'off') kept.delete(kind);
  return kept;
}

export const isInForce = (ban: Ban | null | undefined, now: number): ban is Ban =>
  !!ban && (ban.until === null || ban.until > now);

/** The /64 of an IPv6 address, the whole of an IPv4 one. */
export const prefixOf = (address: string): string =>
  address.includes(':') ? address.split(':').slice(0, 4).join(':') : address;

function isAddressBanned(model: Model, person: Person, address: string | null): boolean {
  if (address === null || RANK[model.people[person].role] === 300 || model.people[person].role === 'admin')
    return false;
  return Object.values(model.people).some(
    ({ ban }) => isInForce(ban, model.now) && ban.prefixes?.includes(prefixOf(address)),
  );
}

export const isRevoked = (model: Model, person: Person, tokenAt: number): boolean => {
  const { revokedBefore } = model.people[person];
  return [revokedBefore, model.appRevokedBefore].some((date) => date !== null && tokenAt < date);
};

/** Why the call is closed to the person altogether. */
function shutOut(model: Model, place: Place, person: Person, { tokenAt }: Asking): string | null {
  const { deleted, deactivated } = model.people[person];
  const call = model.calls[place];
  if (deleted) return 'deleted';
  if (deactivated) return 'deactivated';
  if (tokenAt !== null && isRevoked(model, person, tokenAt)) return 'token_revoked';
  if (call.blocked.has(person)) return 'blocked';
  return isInForce(call.bans.get(person), model.now) ? 'banned_here' : null;
}

function banned(model: Model, person: Person, { address }: Asking): string | null {
  if (isInForce(model.people[person].ban, model.now)) return 'banned';
  return isAddressBanned(model, person, address) ? 'address_banned' : null;
}

/** Why ringing, creating and asking is refused. */
export const createRefusal = (model: Model, place: Place, person: Person, asking: Asking): string | null =>
  shutOut(model, place, person, asking) ?? banned(model, person, asking);

export const readRefusal = (model: Model, place: Place, person: Person, asking: Asking): string | null =>
  shutOut(model, place, person, asking) ??
  (held(model, place, person).has('read-call') ? null : 'no_capability');

function entry(model: Model, place: Place, person: Person): string | null {
  const may = held(model, place, person);
  const call = model.calls[place];
  if (!may.has('join-call')) return 'no_capability';
  if (call.endedAt !== null && !may.has('join-ended-call')) return 'ended';
  const isClosed = call.inBackstage && settingsOf(model, place).backstage;
  return isClosed && !may.has('join-backstage') ? 'backstage' : null;
}

export function joinRefusal(model: Model, place: Place, person: Person, asking: Asking): string | null {
  const reason = createRefusal(model, place, person, asking) ?? entry(model, place, person);
  if (reason) return reason;
  const { max } = settingsOf(model, place);
  return max !== null && model.calls[place].sessions.length >= max ? 'full' : null;
}

/** Why a session may not go on. */
export function stayRefusal(model: Model, place: Place, session: SessionState): string | null {
  const { endedAt } = model.calls[place];
  const reason = createRefusal(model, place, session.person, session);
  if (reason) return reason;
  if (endedAt !== null && session.at <= endedAt) return 'ended';
  return entry(model, place, session.person);
}

/** `own_capabilities`. */
export function capabilities(model: Model, place: Place, person: Person, asking: Asking): Set<string> {
  if (shutOut(model, place, person, asking)) return new Set();
  const may = held(model, place, person);
  if (!banned(model, person, asking)) return may;
  return new Set(may.has('read-call') ? ['read-call'] : []);
}

export const RANK: Record<string, number> = { admin: 400, moderator: 300, host: 200 };
export const rankOf = (role: string): number => RANK[role] ?? 0;
/** The rank in a call. */
export const rankIn = (model: Model, place: Place, person: Person): number =>
  Math.max(...rolesIn(model, place, person).map(rankOf));
