/** Deepest nesting of objects and arrays that a body may have. */
export const MAX_DEPTH = 20;

/** What is wrong with a JSON text beyond its syntax. */
export interface JsonProblem {
  /** Dotted path of the place, e.g. `users.john.custom`; empty at the top. */
  path: string;
  complaint: string;
}

interface Level {
  /** Keys seen so far; undefined in an array. */
  keys: Set<string> | undefined;
  /** The key or index that is being read. */
  at: string | number;
  /** In an object, before the colon: the next text is a key. */
  expectsKey: boolean;
}

/**
 * Looks for what `JSON.parse` lets through: nesting over `MAX_DEPTH`, a key twice in one object, a `__proto__` key.
 * One pass without recursion, to be run before parsing; a text that is not JSON yields undefined or a problem, and
 * the parser refuses it afterwards.
 */
export function scanJson(text: string): JsonProblem | undefined {
  const levels: Level[] = [];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      const end = endOfText(text, index);
      const problem = noteKey(levels, text, index, end);
      if (problem) return problem;
      index = end;
    } else {
      const problem = noteMark(levels, code);
      if (problem) return problem;
    }
  }
  return undefined;
}

function noteMark(levels: Level[], code: number): JsonProblem | undefined {
  if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
    if (levels.length === MAX_DEPTH) {
      return { path: pathOf(levels), complaint: `is nested deeper than ${MAX_DEPTH} levels` };
    }
    const isObject = code === OPEN_OBJECT;
    levels.push({ keys: isObject ? new Set() : undefined, at: isObject ? '' : 0, expectsKey: isObject });
  } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
    levels.pop();
  } else if (code === COMMA) {
    nextItem(levels.at(-1));
  }
  return undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

function nextItem(level: Level | undefined): void {
  if (!level) return;
  if (level.keys) level.expectsKey = true;
  else level.at = Number(level.at) + 1;
}

/** Index of the closing quote, or of the end. */
function endOfText(text: string, start: number): number {
  let index = text.indexOf('"', start + 1);
  while (index !== -1 && isEscaped(text, index)) index = text.indexOf('"', index + 1);
  return index === -1 ? text.length : index;
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

/** A text that ended: notes it when it is a key. */
function noteKey(
  levels: readonly Level[],
  text: string,
  start: number,
  end: number,
): JsonProblem | undefined {
  const level = levels.at(-1);
  if (!level?.keys || !level.expectsKey) return undefined;
  const quoted = text.slice(start, end + 1);
  const key = quoted.includes('\\') ? unquoted(quoted) : quoted.slice(1, -1);
  level.expectsKey = false;
  level.at = key;
  if (key === '__proto__') return { path: pathOf(levels), complaint: 'is not accepted as a key' };
  if (level.keys.has(key)) return { path: pathOf(levels), complaint: 'stands twice in one object' };
  level.keys.add(key);
  return undefined;
}

function unquoted(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

/** Long keys are cut, so that a message stays short. */
const pathOf = (levels: readonly Level[]): string =>
  levels.map((level) => String(level.at).slice(0, 64)).join('.');
