import { isUtf8 } from 'node:buffer';
import { type ParseError, parse as parseJsonc } from 'jsonc-parser';
import { ApiError, inputError } from '../kernel/errors.ts';
import { scanJson } from './json-scan.ts';

/**
 * The value of a JSON text from a client. 400/4 naming the place when it is no JSON, is nested too deep, repeats a
 * key, has a `__proto__` key, or holds a NUL character or a lone surrogate anywhere. `field` names where the text
 * came from (`body`, or a query parameter).
 */
export function parseJson(text: string, field = 'body'): unknown {
  const problem = scanJson(text);
  if (problem) throw inputError(problem.path === '' ? field : problem.path, problem.complaint);
  const value = parsed(text, field);
  // Raw control characters are no JSON and bytes were checked to be UTF-8: only escapes can smuggle these in.
  if (text.includes('\\u')) checkTexts(value, field);
  return value;
}

/** As `parseJson`, from bytes; no bytes are no body: undefined. */
export function parseJsonBytes(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw inputError('body', 'is not valid UTF-8');
  const text = bytes.toString('utf8');
  return parseJson(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}

/** Whether a text can be stored and sent on: no NUL character, no half of a surrogate pair. */
export const isCleanText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

function parsed(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const errors: ParseError[] = [];
    parseJsonc(text, errors, { disallowComments: true });
    const at = errors[0]?.offset ?? 0;
    const before = text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    const complaint = `is not valid JSON at character ${at} (line ${line}, column ${column})`;
    throw new ApiError('input', `${field} ${complaint}`, { fields: { [field]: complaint }, cause });
  }
}

function checkTexts(root: unknown, field: string): void {
  const queue: { value: unknown; path: string }[] = [{ value: root, path: '' }];
  for (let item = queue.pop(); item; item = queue.pop()) {
    const { value, path } = item;
    if (typeof value === 'string') demandClean(value, path || field);
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      demandClean(key, path || field);
      queue.push({ value: child, path: path === '' ? key : `${path}.${key}` });
    }
  }
}

function demandClean(text: string, path: string): void {
  if (!isCleanText(text)) throw inputError(path, 'holds a NUL character or half of a surrogate pair');
}
