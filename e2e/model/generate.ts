import { aimsOf } from './aims.ts';
import {
  type Actor,
  COMMAND_NAMES,
  COMMANDS,
  type Command,
  type CommandName,
  PEOPLE,
  PLACES,
} from './commands.ts';
import { leastSeen, newForesight } from './foresight.ts';
import type { Model } from './state.ts';

/** Numbers from 0 (inclusive) to 1 (exclusive), the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(random: () => number, list: readonly T[]): T => {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};

/** What the histories so far came to. */
export interface Coverage {
  /** Ordered pairs of commands, and how many there are. */
  seen: Set<string>;
  readonly total: number;
  /** How often each outcome was come to, and each after another: `ask 201 changed`, `ask 201 changed>deny 200 changed`. */
  readonly outcomes: Map<string, number>;
}
export const newCoverage = (): Coverage => ({
  seen: new Set(),
  total: COMMAND_NAMES.length ** 2,
  outcomes: new Map(),
});

/** How often the next command is one that never followed the last. */
const NEW_PAIR_SHARE = 0.6;
/** Commands after which little else happens, for as often as all others together they are drawn this much less. */
const RARE: Partial<Record<CommandName, number>> = {
  end: 0.2,
  delete: 0.5,
  revoke_app_tokens: 0.5,
  restart: 0.5,
};
/** What makes the others interesting is drawn more often. */
const FREQUENT: Partial<Record<CommandName, number>> = { join: 5, new_token: 2, ask: 2, grant: 2 };
const DECK = COMMAND_NAMES.flatMap((name) =>
  Array.from({ length: Math.round(10 * (RARE[name] ?? FREQUENT[name] ?? 1)) }, () => name),
);

/**
 * Each history has a theme: some commands that come again and again in it, with joins between them, mostly about one
 * person. What shows only after three or four of them in a row would hardly ever come about in histories that are all
 * alike. Half of the themes are drawn command by command, half are of those that belong together.
 */
const THEME = 4;
const THEMES: readonly (readonly CommandName[])[] = [
  ['kind_setting', 'ask', 'ask', 'deny', 'withdraw', 'grant'],
  ['ban_ip', 'ban_here', 'ban_timed', 'unban', 'unban_here', 'leave'],
  ['mute_one', 'mute_all', 'leave', 'kick'],
  ['backstage_setting', 'type_setting', 'go_live', 'stop_live'],
  ['block', 'unblock', 'kick_block', 'ban'],
  ['deactivate', 'reactivate', 'delete', 'restore', 'upsert'],
  ['revoke_user_tokens', 'clear_user_tokens', 'revoke_app_tokens', 'clear_app_tokens', 'new_token'],
  ['member_role', 'remove_member', 'role', 'type_grants', 'revoke'],
];
const THEME_SHARE = 0.5;
const FOCUS_SHARE = 0.4;
/**
 * How often a command takes up the matter of the last one: the same call and person, and the same value where it takes
 * such. A request that is answered, and answered again, is hardly ever drawn by chance.
 */
const STAY_SHARE = 0.35;
/**
 * How often a command is one of several drawn: the one that comes to what was seen least, by the model. By chance alone
 * most are refused or change nothing: of 20,000 commands 3 were requests that could be answered.
 */
const CHOOSE_SHARE = 0.4;
const CHOICES = 12;
/** How often a command is about something that is there: a request that was made, somebody who is blocked. */
const AIM_SHARE = 0.7;

/** A history of `length` commands; what it covers is noted in `coverage`. */
export function generate(seed: number, length: number, coverage: Coverage): Command[] {
  const random = randomOf(seed);
  const theme = themeOf(random);
  const focus = pick(random, PEOPLE);
  const draw = (last: Command | undefined, model: Model): Command => {
    const name = random() < THEME_SHARE ? pick(random, theme) : nextName(random, last?.name, coverage);
    const drawn = commandOf(random, name, focus);
    const aims = aimsOf(model, name);
    if (aims.length > 0 && random() < AIM_SHARE) return { ...drawn, ...pick(random, aims) };
    return last && random() < STAY_SHARE ? { ...drawn, ...matterOf(last, name) } : drawn;
  };
  const history: Command[] = [];
  let before = newForesight();
  while (history.length < length) {
    const last = history.at(-1);
    const choices = Array.from({ length: random() < CHOOSE_SHARE ? CHOICES : 1 }, () =>
      draw(last, before.model),
    );
    const { command, foresight } = leastSeen(before, choices, coverage.outcomes);
    if (last) coverage.seen.add(`${last.name}>${command.name}`);
    history.push(command);
    before = foresight;
  }
  return history;
}

function themeOf(random: () => number): CommandName[] {
  const drawn =
    random() < 0.5 ? pick(random, THEMES) : Array.from({ length: THEME }, () => pick(random, DECK));
  return ['join', 'join', ...drawn];
}

function nextName(random: () => number, last: CommandName | undefined, { seen }: Coverage): CommandName {
  if (last && random() < NEW_PAIR_SHARE) {
    const fresh = COMMAND_NAMES.filter((name) => !seen.has(`${last}>${name}`));
    if (fresh.length > 0) return pick(random, fresh);
  }
  return pick(random, DECK);
}

function commandOf(random: () => number, name: CommandName, focus: (typeof PEOPLE)[number]): Command {
  const somebody = () => (random() < FOCUS_SHARE ? focus : pick(random, PEOPLE));
  const whom = somebody();
  const by: Actor = random() < serverShare(name) ? 'server' : somebody();
  return {
    name,
    by,
    whom,
    in: random() < 0.7 ? 'a' : pick(random, PLACES),
    value: pick<string | number>(random, COMMANDS[name]),
  };
}

/** What a next command `name` is about when it stays with the matter of `last`; people join, leave and ask for themselves. */
function matterOf({ name: was, by, whom, in: place, value }: Command, name: CommandName): Partial<Command> {
  const isForOneself = was === 'join' || was === 'leave' || was === 'ask';
  const values: readonly (string | number)[] = COMMANDS[name];
  return {
    in: place,
    whom: isForOneself && by !== 'server' ? by : whom,
    ...(values.includes(value) ? { value } : {}),
  };
}

/** What only servers may do is mostly done by servers, so that it happens. */
const SERVER_ONLY: ReadonlySet<CommandName> = new Set([
  'deactivate',
  'reactivate',
  'delete',
  'restore',
  'upsert',
  'role',
  'type_grants',
  'type_setting',
  'revoke_user_tokens',
  'clear_user_tokens',
  'revoke_app_tokens',
  'clear_app_tokens',
]);
const serverShare = (name: CommandName): number => (SERVER_ONLY.has(name) ? 0.85 : 0.4);
