import { EXAMPLES, OPERATION_LIST, type Operation } from '@callgate/contract';
import fc from 'fast-check';
import { nastyParts, nastyQueryValues, nastyValue, oddHeaders } from './nasty.ts';

/** A request of the fuzz test, as it goes to the wire. */
export interface FuzzCase {
  operation: Operation;
  /** In which one way it is wrong. */
  how: string;
  method: string;
  path: string;
  query: readonly (readonly [string, string])[];
  headers: Record<string, string>;
  body: string | Buffer | undefined;
  /** A name in the list of tokens; `server` and `user` are valid. */
  token: string;
}

type Change = (base: FuzzCase) => fc.Arbitrary<FuzzCase>;

/** The request of the documentation, with a server token. */
export function validCase(operation: Operation): FuzzCase {
  const example = EXAMPLES[operation.id as keyof typeof EXAMPLES];
  const params = new Map(Object.entries(example.params ?? {}));
  const path = operation.path.replaceAll(/:([a-z_]+)/g, (_all, name: string) => String(params.get(name)));
  return {
    operation,
    how: 'valid',
    method: operation.method,
    path,
    query: Object.entries(example.query ?? {}).map(([name, value]) => [name, String(value)] as const),
    headers: example.body === undefined ? {} : { 'content-type': 'application/json' },
    body: example.body === undefined ? undefined : JSON.stringify(example.body),
    token: 'server',
  };
}

/** `count` cases, shared out evenly over all operations; the same seed gives the same cases. */
export function casesFrom(seed: number, count: number, wrongTokens: readonly string[]): FuzzCase[] {
  const each = Math.ceil(count / OPERATION_LIST.length);
  const perOperation = OPERATION_LIST.map((operation, index) =>
    fc.sample(caseOf(operation, wrongTokens), { seed: seed + index, numRuns: each }),
  );
  // One of each operation in turn, so that every batch meets all of them.
  return Array.from({ length: each }, (_, turn) => perOperation.flatMap((cases) => cases[turn] ?? [])).flat();
}

function caseOf(operation: Operation, wrongTokens: readonly string[]): fc.Arbitrary<FuzzCase> {
  const base = validCase(operation);
  const change = fc.oneof(
    { weight: 8, arbitrary: oneValueChanged(base) },
    { weight: 3, arbitrary: brokenText(base) },
    { weight: 2, arbitrary: garbage(base) },
    { weight: 2, arbitrary: changedQuery(base) },
    { weight: 2, arbitrary: changedPath(base) },
    { weight: 2, arbitrary: oddHeader(base) },
    { weight: 2, arbitrary: wrongToken(base, wrongTokens) },
    { weight: 1, arbitrary: wrongMethod(base) },
  );
  // Wrong in one way, by a server or by a person.
  return fc
    .tuple(change, fc.constantFrom('server', 'server', 'user'))
    .map(([made, token]) => (made.token === 'server' ? { ...made, token } : made));
}

const namesIn = (schema: object | undefined): string[] =>
  schema && 'properties' in schema ? Object.keys(schema.properties ?? {}) : [];

type Place = (string | number)[];

/** Every place in a JSON value, the top first. */
function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, child]) => placesOf(child, [...at, key]))];
}

function changeAt(value: unknown, place: Place, change: (old: unknown) => unknown): unknown {
  const [first, ...rest] = place;
  if (first === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((item, index) =>
      String(index) === String(first) ? changeAt(item, rest, change) : item,
    );
  }
  const object = value as Record<string, unknown>;
  return { ...object, [first]: changeAt(object[first], rest, change) };
}

const json = (body: unknown): string => {
  const text = JSON.stringify(body);
  return text === undefined ? '' : text;
};

/** The documented body with one value exchanged, added or left out, or with a key twice. */
const oneValueChanged: Change = (base) => {
  const body: unknown = JSON.parse(base.body?.toString() ?? '{}');
  const fields = namesIn(base.operation.body);
  const headers = { 'content-type': 'application/json' };
  const exchanged = fc.tuple(fc.constantFrom(...placesOf(body)), nastyValue).map(([place, value]) => ({
    how: `exchanged ${place.join('.')}`,
    body: json(changeAt(body, place, () => value)),
  }));
  const added = fc
    .tuple(fc.constantFrom(...fields, 'unknown_field', 'user_id', 'id', '__proto__', ''), nastyValue)
    .map(([name, value]) => {
      const text = `{${JSON.stringify(name)}:${json(value)}${json(body).length > 2 ? ',' : ''}${json(body).slice(1)}`;
      return { how: `first ${name}`, body: text };
    });
  const left = fc.constantFrom(...placesOf(body)).map((place) => ({
    how: `without ${place.join('.')}`,
    body: json(changeAt(body, place, () => undefined)),
  }));
  return fc
    .oneof(
      { weight: 4, arbitrary: exchanged },
      { weight: 3, arbitrary: added },
      { weight: 1, arbitrary: left },
    )
    .map((made) => ({ ...base, headers, ...made }));
};

const brokenText: Change = (base) => {
  const text = base.body?.toString() ?? '{"a":1}';
  const headers = { 'content-type': 'application/json' };
  const cut = fc.nat({ max: text.length }).map((length) => text.slice(0, length));
  const fixed = fc.constantFrom<string | Buffer>(
    ...[
      'null',
      '[]',
      '0',
      '"x"',
      'true',
      'NaN',
      '{',
      '}',
      '{"a":}',
      '{a:1}',
      "{'a':1}",
      '{"a":1,}',
      '//\n{}',
    ],
    ...[`${text}x`, `${text}${text}`, `\ufeff${text}`, ` ${text}\n`, text.replace('{', '{"a":1,"a":2,')],
    ...[
      '['.repeat(100_000),
      '{"a":'.repeat(5_000),
      `"${'\\u0000'.repeat(1_000)}"`,
      '"\\ud800"',
      '1'.repeat(10_000),
    ],
    Buffer.from([0xff, 0xfe, 0x7b, 0x00]),
    Buffer.from(`${text.slice(0, 2)}\xff\xfe${text.slice(2)}`, 'latin1'),
    Buffer.alloc(1_100_000, 0x20),
    Buffer.alloc(2_000),
  );
  return fc.oneof(cut, fixed).map((body) => ({ ...base, headers, how: 'broken text', body }));
};

const garbage: Change = (base) =>
  fc
    .oneof(
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
      fc.json({ maxDepth: 6 }),
    )
    .map((body) => ({ ...base, how: 'garbage', headers: { 'content-type': 'application/json' }, body }));

const changedQuery: Change = (base) => {
  const known = [...namesIn(base.operation.query), 'api_key', 'unknown', '__proto__', ''];
  return fc
    .array(fc.tuple(fc.constantFrom(...known), fc.constantFrom(...nastyQueryValues)), {
      minLength: 1,
      maxLength: 3,
    })
    .map((query) => ({ ...base, how: 'query', query: [...base.query, ...query] }));
};

const changedPath: Change = (base) => {
  const parts = base.path.split('/');
  const open = base.operation.path.split('/').flatMap((part, index) => (part.startsWith(':') ? [index] : []));
  const places = open.length > 0 ? open : [parts.length - 1];
  return fc
    .tuple(fc.constantFrom(...places), fc.constantFrom(...nastyParts))
    .map(([place, part]) => ({ ...base, how: 'path', path: parts.with(place, part).join('/') }));
};

const oddHeader: Change = (base) =>
  fc
    .constantFrom(...oddHeaders)
    .map((odd) => ({ ...base, how: 'header', headers: { ...base.headers, ...odd } }));

const wrongToken = (base: FuzzCase, names: readonly string[]) =>
  fc.constantFrom(...names).map((token) => ({ ...base, how: `token: ${token}`, token }));

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'];
const wrongMethod: Change = (base) =>
  fc.constantFrom(...METHODS).map((method) => ({ ...base, how: `method ${method}`, method }));
