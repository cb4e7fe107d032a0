import type { CommandName } from './commands.ts';
import {
  askingOf,
  changed,
  endSessions,
  FORBIDDEN,
  isRunning,
  MISSING,
  may,
  nothing,
  type Rule,
  tokenRefusal,
  WRONG,
} from './expected.ts';
import { MODERATION } from './expected-moderation.ts';
import { joinRefusal, rankIn, rankOf, settingsOf } from './rules.ts';
import { CREATOR, type Model, type PersonState, type Settings } from './state.ts';

/** A rule that only server tokens reach. */
const serverOnly =
  (rule: Rule): Rule =>
  (model, command) =>
    command.by === 'server' ? rule(model, command) : FORBIDDEN;

/** One field of a person is set; deleted people do not exist. */
const personRule = (event: string, apply: (person: PersonState, model: Model, value: string) => void): Rule =>
  serverOnly((model, { whom, value }) => {
    const person = model.people[whom];
    if (person.deleted) return MISSING;
    const before = JSON.stringify(person);
    apply(person, model, String(value));
    return JSON.stringify(person) === before ? nothing() : changed([event]);
  });

const deletePerson: Rule = (model, { whom }) => {
  const person = model.people[whom];
  if (person.deleted) return nothing(201);
  person.deleted = true;
  return changed(['user.deleted'], 201);
};

const restore: Rule = (model, { whom }) => {
  const person = model.people[whom];
  if (!person.deleted) return nothing();
  person.deleted = false;
  return changed(['user.restored']);
};

/** USR7, USR11: a deleted id starts anew, and its older tokens stay refused. */
const upsert: Rule = (model, { whom, value }) => {
  const person = model.people[whom];
  const role = String(value);
  if (person.deleted) {
    const revokedBefore = Math.max(model.now, person.revokedBefore ?? 0);
    Object.assign(person, { deleted: false, deactivated: false, role, revokedBefore });
    return changed(['user.created'], 201);
  }
  if (person.role === role) return nothing(201);
  person.role = role;
  return changed(['user.updated'], 201);
};

/** `key=value` as a setting. */
function settingOf(value: string | number): Partial<Settings> {
  const [key = '', text = ''] = String(value).split('=');
  if (key === 'max') return { max: text === 'null' ? null : Number(text) };
  return key === 'backstage' ? { backstage: text === 'true' } : { [key]: text };
}

const setting: Rule = (model, { by, in: place, value }) => {
  if (!may(model, by, place, 'update-call-settings')) return FORBIDDEN;
  const call = model.calls[place];
  const next = { ...call.override, ...settingOf(value) };
  const isSame = Object.entries(settingOf(value)).every(
    ([key, is]) => key in call.override && call.override[key as keyof Settings] === is,
  );
  if (isSame) return nothing();
  call.override = next;
  if (!settingsOf(model, place).backstage) call.inBackstage = false;
  return changed(['call.updated']);
};

const typeSetting = serverOnly((model, { value }) => {
  const next: Settings = { ...model.type.settings, ...settingOf(value) };
  if (JSON.stringify(next) === JSON.stringify(model.type.settings)) return nothing();
  model.type.settings = next;
  return changed(['call_type.updated']);
});

const typeGrants = serverOnly((model, { value }) => {
  const [role = '', list = ''] = String(value).split('=');
  const next = list === '' ? [] : list.split(',');
  const before = model.type.grants.get(role) ?? new Set();
  if (next.length === before.size && next.every((capability) => before.has(capability))) return nothing();
  model.type.grants.set(role, new Set(next));
  return changed(['call_type.updated']);
});

const end: Rule = (model, { by, in: place }) => {
  const call = model.calls[place];
  if (!may(model, by, place, 'end-call')) return FORBIDDEN;
  if (call.endedAt !== null) return nothing();
  const events = isRunning(call, model.now) ? ['call.ended', 'call.session_ended'] : ['call.ended'];
  call.endedAt = model.now;
  for (const request of call.requests) if (request.state === 'pending') request.state = 'expired';
  return changed(events);
};

const goLive: Rule = (model, { by, in: place }) => {
  const call = model.calls[place];
  if (!may(model, by, place, 'update-call')) return FORBIDDEN;
  if (!call.inBackstage || !settingsOf(model, place).backstage) return nothing();
  call.inBackstage = false;
  return changed(['call.live_started', 'call.updated']);
};

const stopLive: Rule = (model, { by, in: place }) => {
  const call = model.calls[place];
  if (!may(model, by, place, 'update-call')) return FORBIDDEN;
  if (!settingsOf(model, place).backstage) return WRONG;
  if (call.inBackstage) return nothing();
  call.inBackstage = true;
  return changed(['call.updated']);
};

/** The person who sends it joins, from the address in `value`; a server lets `whom` in. */
const join: Rule = (model, { by, whom, in: place, value }) => {
  const person = by === 'server' ? whom : by;
  const state = model.people[person];
  const call = model.calls[place];
  if (joinRefusal(model, place, person, askingOf(model, by))) return FORBIDDEN;
  const events = ['call.session_participant_joined'];
  if (!isRunning(call, model.now)) {
    events.unshift('call.session_started');
    call.session = { startedAt: model.now, emptiedAt: null };
  }
  if (call.session) call.session.emptiedAt = null;
  const isOwn = by !== 'server';
  if (isOwn) state.seen.set(String(value), model.now);
  call.sessions.push({
    person,
    at: model.now,
    tokenAt: isOwn ? state.tokenAt : null,
    address: isOwn ? String(value) : null,
  });
  return changed(events, 201);
};

const leave: Rule = (model, { by, whom, in: place }) => {
  const person = by === 'server' ? whom : by;
  const left = endSessions(model, place, (session) => session.person === person);
  return left.length > 0 ? changed(left) : nothing();
};

/** MEM1, MEM4: a role is given below one's own, to people of lower rank, never to oneself. */
const memberRole: Rule = (model, { by, whom, in: place, value }) => {
  const { members } = model.calls[place];
  const role = String(value);
  const was = members.get(whom);
  const mayChange =
    may(model, by, place, 'update-call-member') && may(model, by, place, 'update-call-member-role');
  if (!mayChange) return FORBIDDEN;
  if (model.people[whom].deleted) return MISSING;
  if (by !== 'server') {
    const own = rankIn(model, place, by);
    if (was && by !== whom && own <= rankIn(model, place, whom)) return FORBIDDEN;
    const kept = was ?? (whom === CREATOR ? 'host' : 'call_member');
    if (role !== kept && (by === whom || rankOf(role) >= own)) return FORBIDDEN;
  }
  if (was === role) return nothing();
  members.set(whom, role);
  return changed([was ? 'call.member_updated_permission' : 'call.member_added']);
};

const removeMember: Rule = (model, { by, whom, in: place }) => {
  const { members } = model.calls[place];
  if (!may(model, by, place, 'remove-call-member')) return FORBIDDEN;
  if (!members.has(whom)) return nothing();
  if (by !== 'server' && by !== whom && rankIn(model, place, by) <= rankIn(model, place, whom))
    return FORBIDDEN;
  members.delete(whom);
  return changed(['call.member_removed']);
};

const appTokens = (date: (model: Model) => number | null): Rule =>
  serverOnly((model) => {
    if (model.appRevokedBefore === date(model)) return nothing();
    model.appRevokedBefore = date(model);
    return changed(['app.updated']);
  });

/** What needs no request: the rule only moves the model. */
const quietly =
  (apply: (model: Model, command: Parameters<Rule>[1]) => void): Rule =>
  (model, command) => {
    apply(model, command);
    return nothing();
  };

const RULES: Record<CommandName, Rule> = {
  ...MODERATION,
  deactivate: personRule('user.deactivated', (person) => {
    person.deactivated = true;
  }),
  reactivate: personRule('user.reactivated', (person) => {
    person.deactivated = false;
  }),
  delete: serverOnly(deletePerson),
  restore: serverOnly(restore),
  upsert: serverOnly(upsert),
  role: personRule('user.updated', (person, _, role) => {
    person.role = role;
  }),
  revoke_user_tokens: personRule('user.updated', (person, { now }) => {
    person.revokedBefore = now;
  }),
  clear_user_tokens: personRule('user.updated', (person) => {
    person.revokedBefore = null;
  }),
  revoke_app_tokens: appTokens(({ now }) => now),
  clear_app_tokens: appTokens(() => null),
  member_role: memberRole,
  remove_member: removeMember,
  kind_setting: setting,
  backstage_setting: setting,
  limit_setting: setting,
  type_grants: typeGrants,
  type_setting: typeSetting,
  end,
  go_live: goLive,
  stop_live: stopLive,
  join,
  leave,
  new_token: quietly((model, { whom }) => {
    model.people[whom].tokenAt = model.now;
  }),
  advance: quietly((model, { value }) => {
    model.now += Number(value) * 1000;
  }),
  restart: quietly(() => undefined),
};

/** Commands that send no request. */
export const QUIET: ReadonlySet<CommandName> = new Set(['new_token', 'advance', 'restart']);

/** What a command answers and leaves behind; refused tokens come first, for every request. */
export const rule: Rule = (model, command) => {
  const refusal = QUIET.has(command.name) ? null : tokenRefusal(model, command.by);
  if (command.name === 'join' && command.by !== 'server')
    model.people[command.by].address = String(command.value);
  return refusal ?? RULES[command.name](model, command);
};
