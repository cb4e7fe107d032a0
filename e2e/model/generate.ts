import {
  type Actor,
  COMMAND_NAMES,
  COMMANDS,
  type Command,
  type CommandName,
  PEOPLE,
  PLACES,
} from './commands.ts';

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

/** Which ordered pairs of commands were generated, and how many there are. */
export interface Coverage {
  seen: Set<string>;
  readonly total: number;
}
export const newCoverage = (): Coverage => ({ seen: new Set(), total: COMMAND_NAMES.length ** 2 });

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
 * Each history has a theme: so many commands that come again and again in it, with joins between them, mostly about one
 * person. What shows only after three or four of them in a row would hardly ever come about in histories that are all
 * alike.
 */
const THEME = 4;
const THEME_SHARE = 0.5;
const FOCUS_SHARE = 0.4;

/** A history of `length` commands; what it covers is noted in `coverage`. */
export function generate(seed: number, length: number, coverage: Coverage): Command[] {
  const random = randomOf(seed);
  const history: Command[] = [];
  const theme: CommandName[] = ['join', 'join', ...Array.from({ length: THEME }, () => pick(random, DECK))];
  const focus = pick(random, PEOPLE);
  let last: CommandName | undefined;
  while (history.length < length) {
    const name = random() < THEME_SHARE ? pick(random, theme) : nextName(random, last, coverage);
    if (last) coverage.seen.add(`${last}>${name}`);
    history.push(commandOf(random, name, focus));
    last = name;
  }
  return history;
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
