import type { CommandName, Person } from './commands.ts';
import {
  askingOf,
  changed,
  type Expected,
  endSessions,
  FORBIDDEN,
  MISSING,
  may,
  nothing,
  type Rule,
  rankRefusal,
  WRONG,
} from './expected.ts';
import {
  callRole,
  capabilities,
  createRefusal,
  isInForce,
  joinRefusal,
  prefixOf,
  rankIn,
  rankOf,
  readRefusal,
  stateOf,
} from './rules.ts';
import { type Ban, CREATOR, type Model } from './state.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** BAN1, BAN2: who may ban and unban; in a call the rank in that call counts. */
function bannerRefusal(
  model: Model,
  by: Person | 'server',
  whom: Person,
  place: 'a' | 'b' | null,
): Expected | null {
  if (by === 'server') return null;
  const { role, ban } = model.people[by];
  if (isInForce(ban, model.now) || rankOf(role) < 300) return FORBIDDEN;
  if (by === whom) return WRONG;
  const rank = (person: Person): number =>
    place === null ? rankOf(model.people[person].role) : rankIn(model, place, person);
  return rank(by) <= rank(whom) ? FORBIDDEN : null;
}

/** IPB4: the addresses of running sessions and of joins of the last 24 hours. */
function knownPrefixes(model: Model, whom: Person): string[] {
  const live = Object.values(model.calls).flatMap(({ sessions }) =>
    sessions.flatMap(({ person, address }) => (person === whom && address !== null ? [address] : [])),
  );
  const seen = [...model.people[whom].seen].flatMap(([address, at]) =>
    at >= model.now - DAY_MS ? [address] : [],
  );
  return [...new Set([...live, ...seen].map(prefixOf))].sort();
}

const isSameBan = (a: Ban, b: Ban): boolean =>
  a.reason === b.reason && a.until === b.until && a.prefixes?.join() === b.prefixes?.join();

type BanKind = 'ban' | 'ban_timed' | 'ban_here' | 'ban_ip';
const banRule =
  (kind: BanKind): Rule =>
  (model, { by, whom, in: place, value }) => {
    const isHere = kind === 'ban_here';
    const refusal = bannerRefusal(model, by, whom, isHere ? place : null);
    if (refusal) return refusal;
    const bans = model.calls[place].bans;
    const was = isHere ? bans.get(whom) : model.people[whom].ban;
    const ban: Ban = {
      reason: kind === 'ban_timed' || value === '' ? null : String(value),
      until: kind === 'ban_timed' ? model.now + Number(value) * MINUTE_MS : null,
      prefixes: kind === 'ban_ip' ? knownPrefixes(model, whom) : null,
    };
    if (isInForce(was, model.now) && isSameBan(was, ban)) return nothing(201);
    if (isHere) bans.set(whom, ban);
    else model.people[whom].ban = ban;
    return changed(['user.banned'], 201);
  };

const unbanRule =
  (isHere: boolean): Rule =>
  (model, { by, whom, in: place }) => {
    const refusal = bannerRefusal(model, by, whom, isHere ? place : null);
    if (refusal) return refusal;
    const bans = model.calls[place].bans;
    if (!isInForce(isHere ? bans.get(whom) : model.people[whom].ban, model.now)) return nothing();
    if (isHere) bans.delete(whom);
    else model.people[whom].ban = null;
    return changed(['user.unbanned']);
  };

/** BLK3: the creator is blocked by a server or an admin only, oneself never. */
function blockRefusal(model: Model, by: Person | 'server', whom: Person): Expected | null {
  if (by === 'server') return null;
  if (by === whom) return WRONG;
  return whom === CREATOR && model.people[by].role !== 'admin' ? FORBIDDEN : null;
}

const block: Rule = (model, command) => {
  const { by, whom, in: place } = command;
  if (!may(model, by, place, 'block-users')) return FORBIDDEN;
  const refusal = blockRefusal(model, by, whom) ?? rankRefusal(model, command);
  if (refusal) return refusal;
  if (model.calls[place].blocked.has(whom)) return nothing();
  model.calls[place].blocked.add(whom);
  return changed(['call.blocked_user']);
};

const unblock: Rule = (model, { by, whom, in: place }) => {
  if (!may(model, by, place, 'block-users')) return FORBIDDEN;
  return model.calls[place].blocked.delete(whom) ? changed(['call.unblocked_user']) : nothing();
};

const kickRule =
  (alsoBlocks: boolean): Rule =>
  (model, command) => {
    const { by, whom, in: place } = command;
    const call = model.calls[place];
    if (!may(model, by, place, ...(alsoBlocks ? ['block-users'] : ['kick-user', 'block-users'])))
      return FORBIDDEN;
    const refusal = (alsoBlocks && blockRefusal(model, by, whom)) || rankRefusal(model, command);
    if (refusal) return refusal;
    const left = endSessions(model, place, (session) => session.person === whom);
    const events = left.length > 0 ? ['call.kicked_user', ...left] : [];
    if (alsoBlocks && !call.blocked.has(whom)) {
      call.blocked.add(whom);
      events.push('call.blocked_user');
    }
    return events.length > 0 ? changed(events) : nothing();
  };

/** GRT10: what is said answers the person's pending request for it. */
function answerPending(model: Model, command: Parameters<Rule>[1], state: 'granted' | 'denied'): boolean {
  const request = model.calls[command.in].requests.findLast(
    ({ person, permission, state: is }) =>
      person === command.whom && permission === command.value && is === 'pending',
  );
  if (request) request.state = state;
  return request !== undefined;
}

const KINDS = ['send-audio', 'send-video', 'screenshare'];
const sayRule =
  (said: 'granted' | 'revoked'): Rule =>
  (model, command) => {
    const { by, whom, in: place, value } = command;
    const capability = String(value);
    if (!may(model, by, place, 'update-call-permissions')) return FORBIDDEN;
    if (model.people[whom].deleted) return MISSING;
    const refusal = rankRefusal(model, command);
    if (refusal) return refusal;
    const isAllowed =
      said === 'granted' ? may(model, by, place, capability) : by === 'server' || KINDS.includes(capability);
    if (!isAllowed) return FORBIDDEN;
    const { said: before } = model.calls[place];
    const key = `${whom} ${capability}`;
    const isNew = before.get(key) !== said;
    before.set(key, said);
    const answered = answerPending(model, command, said === 'granted' ? 'granted' : 'denied');
    return isNew || answered ? changed(['call.permissions_updated']) : nothing();
  };

const muteRule =
  (everybody: boolean): Rule =>
  (model, command) => {
    const { by, whom, in: place, value } = command;
    const call = model.calls[place];
    if (!may(model, by, place, 'mute-users')) return FORBIDDEN;
    const refusal = everybody ? null : rankRefusal(model, command);
    if (refusal) return refusal;
    const here = [...new Set(call.sessions.map((session) => session.person))];
    const muted = here
      .filter((person) => (everybody ? person !== by : person === whom))
      .map((person) => `${person} ${value}`)
      .filter((key) => !call.mutes.has(key));
    for (const key of muted) call.mutes.add(key);
    return muted.length > 0 ? changed(['call.user_muted']) : nothing();
  };

/** PRQ1 to PRQ7; a server asks for `whom`, a person for themselves. */
const ask: Rule = (model, { by, whom, in: place, value }) => {
  const call = model.calls[place];
  const person = by === 'server' ? whom : by;
  const asking = askingOf(model, by);
  if (model.people[person].deleted) return MISSING;
  if (model.people[person].deactivated) return FORBIDDEN;
  const mayNot = createRefusal(model, place, person, asking);
  const isMember = callRole(call, person) !== null && call.endedAt === null;
  const isKnown = isMember || call.sessions.some((session) => session.person === person);
  if (mayNot || (!isKnown && joinRefusal(model, place, person, asking))) return FORBIDDEN;
  if (capabilities(model, place, person, asking).has(String(value))) return nothing();
  if (stateOf(model, place, String(value)) !== 'on_request') return FORBIDDEN;
  const isPending = call.requests.some(
    (request) => request.person === person && request.permission === value && request.state === 'pending',
  );
  if (isPending) return nothing(201);
  call.requests.push({ person, permission: String(value), state: 'pending' });
  return changed(['call.permission_request'], 201);
};

const settleRule =
  (answer: 'denied' | 'withdrawn'): Rule =>
  (model, command) => {
    const { by, whom, in: place, value } = command;
    if (answer === 'denied' && !may(model, by, place, 'update-call-permissions')) return FORBIDDEN;
    if (answer === 'withdrawn' && by !== 'server') {
      const closed = readRefusal(model, place, by, askingOf(model, by));
      if (closed && closed !== 'no_capability') return FORBIDDEN;
    }
    const request = model.calls[place].requests.findLast(
      ({ person, permission }) => person === whom && permission === value,
    );
    if (!request) return MISSING;
    const refusal = answer === 'denied' ? rankRefusal(model, command) : othersRefusal(model, command);
    if (refusal) return refusal;
    if (request.state === answer) return nothing();
    if (request.state !== 'pending') return WRONG;
    request.state = answer;
    return changed(['call.permission_request_updated']);
  };

/** PRQ11: another's request is taken back by nobody, and seen by few. */
function othersRefusal(model: Model, { by, whom, in: place }: Parameters<Rule>[1]): Expected | null {
  if (by === 'server' || by === whom) return null;
  return may(model, by, place, 'update-call-permissions') ? FORBIDDEN : MISSING;
}

export const MODERATION = {
  ban: banRule('ban'),
  ban_timed: banRule('ban_timed'),
  ban_here: banRule('ban_here'),
  ban_ip: banRule('ban_ip'),
  unban: unbanRule(false),
  unban_here: unbanRule(true),
  block,
  unblock,
  kick: kickRule(false),
  kick_block: kickRule(true),
  grant: sayRule('granted'),
  revoke: sayRule('revoked'),
  mute_all: muteRule(true),
  mute_one: muteRule(false),
  ask,
  deny: settleRule('denied'),
  withdraw: settleRule('withdrawn'),
} satisfies Partial<Record<CommandName, Rule>>;
