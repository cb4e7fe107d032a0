import { InvalidParameterError } from './storage-errors.ts';

/**
 * Refuses what the engines would treat differently (`InvalidParameterError` with the position): PostgreSQL has
 * no NUL in texts and no lone surrogate in JSON, SQLite takes both; `undefined`, booleans and objects would be
 * converted by one driver and refused by the other.
 */
export function assertBindable(parameters: readonly unknown[]): void {
  for (let index = 0; index < parameters.length; index++) {
    const complaint = complaintAbout(parameters[index]);
    if (complaint !== undefined) throw new InvalidParameterError(index + 1, complaint);
  }
}

function complaintAbout(value: unknown): string | undefined {
  if (typeof value === 'string') return complaintAboutText(value);
  if (value === null) return undefined;
  if (typeof value === 'number') return complaintAboutNumber(value);
  return `is of type ${typeof value}; only text, number and null can be stored`;
}

function complaintAboutText(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character';
  if (!text.isWellFormed()) return 'holds a lone surrogate';
  if (text.includes('\\u') && holdsBadEscape(text))
    return 'holds an escaped NUL or lone surrogate inside JSON';
  return undefined;
}

function complaintAboutNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'is not a finite number';
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return 'is beyond 2^53 - 1';
  return undefined;
}

/** `\u0000` or half a surrogate pair, after an even number of backslashes. */
const BAD_ESCAPE = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/i;

/** Only texts that are JSON count: a plain text may say `\u0000` in six harmless characters. */
function holdsBadEscape(text: string): boolean {
  if (!BAD_ESCAPE.test(text)) return false;
  try {
    // Parsed and written again, only controls and lone surrogates are still escaped.
    return BAD_ESCAPE.test(JSON.stringify(JSON.parse(text)));
  } catch {
    return false;
  }
}
