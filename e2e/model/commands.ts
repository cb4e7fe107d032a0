/*
 * What a history is made of: plain data, so that a failing one is printed, shortened and pasted into a test.
 */

/** The four people of a history: anna made the calls, bela is a member of them, cleo moderates, dora is a guest to all. */
export const PEOPLE = ['anna', 'bela', 'cleo', 'dora'] as const;
export type Person = (typeof PEOPLE)[number];
/** The two calls of a history. */
export const PLACES = ['a', 'b'] as const;
export type Place = (typeof PLACES)[number];
/** Whose token sends a command. */
export type Actor = Person | 'server';

/** Every kind of command with the values that it may take; the meaning of each is in `requests.ts`. */
export const COMMANDS = {
  ban: ['', 'raid', 'spam'],
  ban_timed: [1, 30],
  ban_here: ['', 'rude'],
  ban_ip: ['', 'raid'],
  unban: [''],
  unban_here: [''],
  block: [''],
  unblock: [''],
  kick: [''],
  kick_block: [''],
  grant: ['send-audio', 'send-video', 'screenshare', 'mute-users', 'join-backstage'],
  revoke: ['send-audio', 'send-video', 'screenshare', 'join-call', 'send-data'],
  mute_all: ['audio', 'video'],
  mute_one: ['audio', 'screenshare'],
  ask: ['send-audio', 'send-video', 'screenshare'],
  deny: ['send-audio', 'send-video', 'screenshare'],
  withdraw: ['send-audio', 'send-video', 'screenshare'],
  deactivate: [''],
  reactivate: [''],
  delete: [''],
  restore: [''],
  upsert: ['user', 'moderator'],
  role: ['user', 'moderator', 'admin', 'speaker'],
  member_role: ['call_member', 'speaker', 'host', 'viewer'],
  remove_member: [''],
  kind_setting: ['audio', 'video', 'screensharing'].flatMap((kind) =>
    ['off', 'on', 'on_request'].map((state) => `${kind}=${state}`),
  ),
  backstage_setting: ['backstage=true', 'backstage=false'],
  limit_setting: ['max=1', 'max=2', 'max=3', 'max=null'],
  type_grants: [
    'user=',
    'user=join-call,read-call',
    'user=join-call,read-call,send-audio,send-video,screenshare,kick-user',
    'call_member=join-call,read-call',
    'call_member=join-call,read-call,mute-users,screenshare',
  ],
  type_setting: [
    'audio=off',
    'audio=on_request',
    'audio=on',
    'video=on',
    'video=off',
    'backstage=true',
    'backstage=false',
  ],
  end: [''],
  go_live: [''],
  stop_live: [''],
  join: ['203.0.113.1', '203.0.113.2', '2001:db8:0:1::5', '2001:db8:0:1::9', '2001:db8:0:2::1'],
  leave: [''],
  restart: [''],
  revoke_user_tokens: [''],
  clear_user_tokens: [''],
  revoke_app_tokens: [''],
  clear_app_tokens: [''],
  new_token: [''],
  advance: [5, 31, 61, 1860, 86_460],
} as const satisfies Record<string, readonly (string | number)[]>;

export type CommandName = keyof typeof COMMANDS;
export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];

/** One step: who does what to whom, where. Fields that a command has no use for are ignored. */
export interface Command {
  name: CommandName;
  by: Actor;
  whom: Person;
  in: Place;
  value: string | number;
}

/** A step by hand; left out: by the server, to bela, in the call a, with the command's first value. */
export const step = (name: CommandName, fields: Partial<Command> = {}): Command => ({
  name,
  by: 'server',
  whom: 'bela',
  in: 'a',
  value: COMMANDS[name][0],
  ...fields,
});

/** One line per step, as it is pasted into a test. */
export const printed = (history: readonly Command[]): string =>
  history.map((command, at) => `${String(at + 1).padStart(3)}  ${JSON.stringify(command)}`).join('\n');
