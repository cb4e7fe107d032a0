import { Ajv } from 'ajv';
import type { TSchema } from 'typebox';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from './operations/examples.ts';
import { OPERATION_LIST, OPERATIONS, type Operation } from './operations.ts';
import { type JsonSchema, type Place, placesIn } from './schema-walk.ts';
import { EVENTS } from './schemas/events.ts';

// The settings of the server's validator: nothing is converted, nothing is dropped, nothing is ignored.
const ajv = new Ajv({
  strict: true,
  strictTypes: true,
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allErrors: true,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/ },
});
const compiled = new Map<TSchema, ReturnType<typeof ajv.compile>>();
function complaints(schema: TSchema, value: unknown): string[] {
  const validate = compiled.get(schema) ?? ajv.compile(JSON.parse(JSON.stringify(schema)));
  compiled.set(schema, validate);
  return validate(value)
    ? []
    : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`);
}

interface Part {
  readonly name: string;
  readonly schema: TSchema;
  readonly example: unknown;
}
function requestParts(operation: Operation): Part[] {
  const example: { params?: unknown; query?: unknown; body?: unknown } =
    EXAMPLES[operation.id as keyof typeof EXAMPLES];
  const parts: Part[] = [{ name: 'query', schema: operation.query, example: example.query ?? {} }];
  if (operation.params) parts.push({ name: 'params', schema: operation.params, example: example.params });
  if (operation.body) parts.push({ name: 'body', schema: operation.body, example: example.body });
  return parts;
}

const each = OPERATION_LIST.map((operation) => [operation.id, operation] as const);
const parts = OPERATION_LIST.flatMap((operation) =>
  requestParts(operation).map((part) => [`${operation.id} ${part.name}`, part] as const),
);
const requestPlaces = parts.flatMap(([name, part]) => [...placesIn(part.schema, name.replace(' ', '.'))]);
const answerPlaces = [
  ...OPERATION_LIST.flatMap(({ id, success }) => [...placesIn(success.schema, id)]),
  ...Object.entries(EVENTS).flatMap(([type, schema]) => [...placesIn(schema, type)]),
];
const isObject = (schema: JsonSchema) => [schema.type].flat().includes('object');
const pathsOf = (places: Place[]) => places.map(({ path }) => path);

describe('requests', () => {
  it.each(parts)('[CON1] refuses an unknown field in %s', (_name, { schema, example }) => {
    expect(complaints(schema, { ...Object(example), surprise: 'x' })).toContain(' additionalProperties');
  });

  it.each(parts)('[CON1] accepts the example of %s', (_name, { schema, example }) => {
    expect(complaints(schema, example)).toEqual([]);
  });

  it('[CON1] is open only in custom objects, filters and settings', () => {
    const open = requestPlaces.filter(
      ({ schema }) => isObject(schema) && schema.additionalProperties !== false,
    );
    const unexpected = pathsOf(open).filter(
      (path) => !/\.(custom|filter_conditions|grants|users)$|\.settings(_override)?(\.|$)/.test(path),
    );
    expect(unexpected).toEqual([]);
  });

  it('[CON2] takes the key and the kind of authentication in every query', () => {
    const query = { api_key: 'k', 'stream-auth-type': 'jwt' };
    for (const { id, query: schema } of OPERATION_LIST)
      expect([id, ...complaints(schema, query)]).toEqual([id]);
  });

  it('[CON2] refuses a misspelt scope of an unban', () => {
    const query = { target_user_id: 'noor', channel_cidd: 'default:standup' };
    expect(complaints(OPERATIONS.unbanUser.query, query)).toEqual([' additionalProperties']);
  });

  it('[CON3] holds only text in every query', () => {
    const other = OPERATION_LIST.flatMap(({ id, query }) => [...placesIn(query, id)].slice(1)).filter(
      ({ schema }) => schema.type !== 'string',
    );
    expect(pathsOf(other)).toEqual([]);
  });

  it.each([
    [{ target_user_id: 5 }, '/target_user_id type'],
    [{ target_user_id: 'noor', timeout: '30' }, '/timeout type'],
    [{ target_user_id: 'noor', timeout: 0 }, '/timeout minimum'],
    [{ target_user_id: 'noor', timeout: 52_560_001 }, '/timeout maximum'],
    [{ target_user_id: 'noor', timeout: 1.5 }, '/timeout type'],
    [{ target_user_id: 'noor', ip_ban: 1 }, '/ip_ban type'],
    [{ target_user_id: 'no or' }, '/target_user_id pattern'],
    [{ target_user_id: 'noor\n' }, '/target_user_id pattern'],
    [{ target_user_id: 'noor', reason: 'x'.repeat(1001) }, '/reason maxLength'],
    [{ target_user_id: 'noor', reason: null }, '/reason type'],
    [{ target_user_id: 'noor', channel_cid: 'standup' }, '/channel_cid pattern'],
    [{}, ' required'],
    [[], ' type'],
    [null, ' type'],
  ])('[CON3] refuses the ban %j naming %s', (body, complaint) => {
    expect(complaints(OPERATIONS.banUser.body, body)).toContain(complaint);
  });

  it('[CON4] bounds every text, list, number and map', () => {
    const unbounded = requestPlaces.filter(({ schema }) => {
      const types = [schema.type].flat();
      if (schema.enum !== undefined || schema.const !== undefined) return false;
      if (types.includes('string')) return schema.maxLength === undefined;
      if (types.includes('array')) return schema.maxItems === undefined;
      if (types.includes('integer') || types.includes('number'))
        return schema.minimum === undefined || schema.maximum === undefined;
      if (types.includes('object'))
        return schema.additionalProperties !== false && schema.maxProperties === undefined;
      return schema.type !== 'boolean';
    });
    expect(pathsOf(unbounded)).toEqual([]);
  });

  it('[CON4] describes every field', () => {
    const bare = [...requestPlaces, ...answerPlaces].filter(
      ({ path, schema }) =>
        /[^|\]]$/.test(path) &&
        path.includes('.') &&
        !/\|\d$/.test(path) &&
        !schema.description &&
        !schema.title,
    );
    expect([...new Set(pathsOf(bare))]).toEqual([]);
  });

  it.each(each.filter(([, operation]) => operation.bodyOptional))(
    '[CON5] takes {} as the body of %s',
    (_id, { body }) => {
      if (body === undefined) throw new Error('bodyOptional without a body');
      expect(complaints(body, {})).toEqual([]);
    },
  );

  it('[CON5] has a body exactly where the method carries one', () => {
    const withBody = OPERATION_LIST.filter(({ body }) => body !== undefined).map(({ method }) => method);
    expect(new Set(withBody)).toEqual(new Set(['POST', 'PATCH', 'PUT', 'DELETE']));
    const without = OPERATION_LIST.filter(({ body }) => body === undefined).map(({ method }) => method);
    expect(new Set(without)).toEqual(new Set(['GET', 'DELETE']));
  });
});

describe('settings', () => {
  const override = (settings_override: unknown) =>
    complaints(OPERATIONS.updateCall.body, { settings_override });

  it('[CON1] refuses a known key of the wrong kind', () => {
    expect(override({ audio: { enabled: 'yes' } })).toContain('/settings_override/audio/enabled type');
    expect(override({ limits: { max_participants: 0 } })).toContain(
      '/settings_override/limits/max_participants minimum',
    );
    expect(override({ screensharing: true })).toContain('/settings_override/screensharing type');
  });

  it('[CON1] accepts unknown sections and keys', () => {
    expect(override({ recording: { mode: 'disabled' }, audio: { noise: { level: 1 } } })).toEqual([]);
  });

  it('[CON1] accepts part of a section, and null for no limit', () => {
    expect(
      override({ video: { target_resolution: { width: 640 } }, limits: { max_participants: null } }),
    ).toEqual([]);
  });
});

describe('answers', () => {
  it.each(each)('[CON6] accept the example of %s, and a further field', (id, { success }) => {
    const { result } = EXAMPLES[id as keyof typeof EXAMPLES];
    expect(complaints(success.schema, result)).toEqual([]);
    expect(complaints(success.schema, { ...result, news: { x: 1 } })).toEqual([]);
  });

  it('[CON6] are open everywhere', () => {
    const closed = answerPlaces.filter(
      ({ schema }) => isObject(schema) && (schema.additionalProperties ?? false) === false,
    );
    expect(pathsOf(closed)).toEqual([]);
  });

  it.each(each)(
    '[CON7] carry duration at %s, and enforcement for acts on people in calls',
    (_id, { success }) => {
      const schema: JsonSchema = JSON.parse(JSON.stringify(success.schema));
      expect(schema.required).toContain('duration');
      expect(schema.required).not.toContain('enforcement');
    },
  );

  it('[CON7] may carry enforcement wherever the policy can change', () => {
    const without = OPERATION_LIST.filter(({ write, success }) => {
      const schema: JsonSchema = JSON.parse(JSON.stringify(success.schema));
      return write && schema.properties?.enforcement === undefined;
    });
    expect(without.map(({ id }) => id)).toEqual([
      'createGuest',
      'createRole',
      'createCallType',
      'createPlayLink',
    ]);
  });

  it('[CON8] use 201 for what creates something', () => {
    const created = OPERATION_LIST.filter(({ success }) => success.status === 201).map(({ id }) => id);
    expect(created).toEqual([
      'createGuest',
      'createRole',
      'upsertUsers',
      'deactivateUsers',
      'reactivateUsers',
      'deleteUsers',
      'exportUsers',
      'blockUsers',
      'createCallType',
      'joinCall',
      'requestPermission',
      'banUser',
      'createPlayLink',
      'exchangePlayLink',
    ]);
    const both = OPERATION_LIST.filter(({ success }) => success.otherwise !== undefined).map(({ id }) => id);
    expect(both).toEqual(['getOrCreateCall', 'requestPermission', 'banUser']);
  });
});

describe('events', () => {
  it.each(Object.entries(EVENTS))('[CON9] %s compiles and carries the common fields', (type, event) => {
    expect(() => complaints(event, {})).not.toThrow();
    const schema: JsonSchema = JSON.parse(JSON.stringify(event));
    expect(schema.properties?.type?.const).toBe(type);
    expect(schema.required).toEqual(expect.arrayContaining(['type', 'created_at', 'event_id']));
    if (type.startsWith('call.') || type === 'custom') expect(schema.required).toContain('call_cid');
  });
});

describe('the table of operations', () => {
  it('[CON10] has unique ids and routes', () => {
    for (const [key, operation] of Object.entries(OPERATIONS)) expect(operation.id).toBe(key);
    const routes = OPERATION_LIST.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`);
    expect(routes.filter((route, index) => routes.indexOf(route) !== index)).toEqual([]);
  });

  it.each(each)('[CON11] names the parameters of the path of %s', (_id, { path, params }) => {
    const schema: JsonSchema = params === undefined ? {} : JSON.parse(JSON.stringify(params));
    expect(Object.keys(schema.properties ?? {})).toEqual(
      [...path.matchAll(/:(\w+)/g)].map(([, name]) => name),
    );
  });

  it('[CON12] uses each title for one schema', () => {
    const seen = new Map<string, string>();
    for (const { path, schema } of [...requestPlaces, ...answerPlaces]) {
      if (schema.title === undefined) continue;
      const text = JSON.stringify(schema);
      expect([path, seen.get(schema.title) ?? text]).toEqual([path, text]);
      seen.set(schema.title, text);
    }
    expect(seen.size).toBeGreaterThan(100);
  });

  it.each(each)('[CON10] documents %s', (_id, operation) => {
    expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(operation.description).toMatch(/\.$/);
    expect(operation.tags).toHaveLength(1);
    expect(operation.write).toBe(operation.method !== 'GET' && !/^query/.test(operation.id));
  });
});
