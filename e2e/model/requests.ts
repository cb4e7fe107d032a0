import type { Command, CommandName, Person } from './commands.ts';

/** Names of this history on the wire. */
export interface Names {
  person(id: Person): string;
  /** The call type of the history. */
  type: string;
}

/** A request as it goes out. */
export interface Outgoing {
  method: string;
  path: string;
  body?: unknown;
  query?: Record<string, string>;
}

/** What a request is made of beside the command. */
export interface Context {
  names: Names;
  now: number;
  /** The id of the latest request of `whom` for `value`, or one that does not exist. */
  requestId: string;
}

type Make = (command: Command, context: Context) => Outgoing;

const callPath = (command: Command, { names }: Context): string =>
  `/api/v2/video/call/${names.type}/${command.in}`;

const onCall =
  (verb: string, body: (command: Command, context: Context) => object): Make =>
  (command, context) => ({
    method: 'POST',
    path: `${callPath(command, context)}/${verb}`,
    body: body(command, context),
  });
const whom = (command: Command, { names }: Context) => ({ user_id: names.person(command.whom) });
const target = (command: Command, { names }: Context) => ({ target_user_id: names.person(command.whom) });
const reason = ({ value }: Command) => (value === '' ? {} : { reason: value });
const here = ({ in: place }: Command, { names }: Context) => ({ channel_cid: `${names.type}:${place}` });

const ban =
  (extra: (command: Command, context: Context) => object): Make =>
  (command, context) => ({
    method: 'POST',
    path: '/api/v2/moderation/ban',
    body: { ...target(command, context), ...extra(command, context) },
  });
const unban =
  (extra: (command: Command, context: Context) => Record<string, string>): Make =>
  (command, context) => ({
    method: 'DELETE',
    path: '/api/v2/moderation/ban',
    query: { ...target(command, context), ...extra(command, context) },
  });

const settings: Make = (command, context) => ({
  method: 'PATCH',
  path: callPath(command, context),
  body: { settings_override: settingsBody(command.value) },
});

const STATES: Record<string, object> = {
  off: { enabled: false, access_request_enabled: false },
  on: { enabled: true, access_request_enabled: false },
  on_request: { enabled: true, access_request_enabled: true },
};
function settingsBody(value: string | number): object {
  const [key = '', text = ''] = String(value).split('=');
  if (key === 'max') return { limits: { max_participants: text === 'null' ? null : Number(text) } };
  return key === 'backstage' ? { backstage: { enabled: text === 'true' } } : { [key]: STATES[text] };
}

const callType =
  (body: (command: Command) => object): Make =>
  (command, { names }) => ({
    method: 'PUT',
    path: `/api/v2/video/calltypes/${names.type}`,
    body: body(command),
  });

function grantsBody({ value }: Command): object {
  const [role = '', list = ''] = String(value).split('=');
  return { grants: { [role]: list === '' ? [] : list.split(',') } };
}

const person =
  (set: (command: Command, context: Context) => object): Make =>
  (command, context) => ({
    method: 'PATCH',
    path: '/api/v2/users',
    body: { users: [{ id: context.names.person(command.whom), set: set(command, context) }] },
  });
const onPerson =
  (verb: string): Make =>
  (command, { names }) => ({
    method: 'POST',
    path: `/api/v2/users/${names.person(command.whom)}/${verb}`,
    body: {},
  });
const onPeople =
  (verb: string): Make =>
  (command, { names }) => ({
    method: 'POST',
    path: `/api/v2/users/${verb}`,
    body: { user_ids: [names.person(command.whom)] },
  });
const app =
  (date: (context: Context) => string | null): Make =>
  (_, context) => ({
    method: 'PATCH',
    path: '/api/v2/app',
    body: { revoke_tokens_issued_before: date(context) },
  });
const time = ({ now }: Context): string => new Date(now).toISOString();
const settle =
  (verb: string): Make =>
  (command, context) => ({
    method: 'POST',
    path: `${callPath(command, context)}/permission_requests/${context.requestId}/${verb}`,
    body: {},
  });
/** A server names who joins, leaves and asks; a person is named by the token. */
const self = (command: Command, context: Context) => (command.by === 'server' ? whom(command, context) : {});

const REQUESTS: Partial<Record<CommandName, Make>> = {
  ban: ban(reason),
  ban_timed: ban(({ value }) => ({ timeout: value })),
  ban_here: ban((command, context) => ({ ...reason(command), ...here(command, context) })),
  ban_ip: ban((command) => ({ ...reason(command), ip_ban: true })),
  unban: unban(() => ({})),
  unban_here: unban(here),
  block: onCall('block', whom),
  unblock: onCall('unblock', whom),
  kick: onCall('kick', whom),
  kick_block: onCall('kick', (...of) => ({ ...whom(...of), block: true })),
  grant: onCall('user_permissions', (...of) => ({ ...whom(...of), grant_permissions: [of[0].value] })),
  revoke: onCall('user_permissions', (...of) => ({ ...whom(...of), revoke_permissions: [of[0].value] })),
  mute_all: onCall('mute_users', ({ value }) => ({ mute_all_users: true, [value]: true })),
  mute_one: onCall('mute_users', ({ value, whom: id }, { names }) => ({
    user_ids: [names.person(id)],
    [value]: true,
  })),
  ask: onCall('request_permission', (...of) => ({ ...self(...of), permissions: [of[0].value] })),
  deny: settle('deny'),
  withdraw: settle('withdraw'),
  deactivate: onPerson('deactivate'),
  reactivate: onPerson('reactivate'),
  delete: onPeople('delete'),
  restore: onPeople('restore'),
  upsert: (command, { names }) => {
    const id = names.person(command.whom);
    return { method: 'POST', path: '/api/v2/users', body: { users: { [id]: { id, role: command.value } } } };
  },
  role: person(({ value }) => ({ role: value })),
  revoke_user_tokens: person((_, context) => ({ revoke_tokens_issued_before: time(context) })),
  clear_user_tokens: person(() => ({ revoke_tokens_issued_before: null })),
  revoke_app_tokens: app(time),
  clear_app_tokens: app(() => null),
  member_role: onCall('members', (command, context) => ({
    update_members: [{ ...whom(command, context), role: command.value }],
  })),
  remove_member: onCall('members', (command, { names }) => ({
    remove_members: [names.person(command.whom)],
  })),
  kind_setting: settings,
  backstage_setting: settings,
  limit_setting: settings,
  type_grants: callType(grantsBody),
  type_setting: callType(({ value }) => ({ settings: settingsBody(value) })),
  end: onCall('mark_ended', () => ({})),
  go_live: onCall('go_live', () => ({})),
  stop_live: onCall('stop_live', () => ({})),
  join: onCall('join', self),
  leave: onCall('leave', self),
};

/** The request of a command; throws for one that sends none. */
export function requestOf(command: Command, context: Context): Outgoing {
  const make = REQUESTS[command.name];
  if (!make) throw new Error(`${command.name} sends no request`);
  return make(command, context);
}
