import { createHash } from 'node:crypto';

/** SHA-256 over method, path, query and body; neither the order of keys nor `api_key` counts. */
export function requestHash(method: string, target: string, body: unknown): string {
  const url = new URL(target, 'http://localhost');
  const query = [...url.searchParams].filter(([name]) => name !== 'api_key').sort(byText);
  const asked = JSON.stringify([method, url.pathname, query, canonical(body)]);
  return createHash('sha256').update(asked).digest('hex');
}

const byText = (a: readonly [string, string], b: readonly [string, string]): number =>
  a.join('=') < b.join('=') ? -1 : 1;

/** The same value with the keys of every object in order, told apart from lists. Bodies are at most 20 levels deep. */
function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(canonical);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { entries: entries.map(([key, child]) => [key, canonical(child)]) };
}
