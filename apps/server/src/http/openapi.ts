import { ERRORS, type ErrorName, ErrorResponse, OPERATION_LIST, type Operation } from '@callgate/contract';
import type { TSchema } from 'typebox';
import { SchemaBook } from './openapi-schemas.ts';
import { VERSION } from './version.ts';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of every operation, as JSON text; the same text for the same contract. */
export function openapiDocument(): string {
  const book = new SchemaBook();
  const paths: Record<string, Json> = {};
  for (const operation of OPERATION_LIST) {
    const path = operation.path.replace(/:([a-z_]+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationObject(operation, book) };
  }
  const errorSchema = book.refer(ErrorResponse);
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Callgate',
      version: VERSION,
      description:
        'Decides who may be in a call and what they may send. With a media server every act binds there before it is answered (`enforcement.state: applied`).',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that this document comes from.' }],
    security: [{ apiKey: [], token: [] }],
    tags: [...new Set(OPERATION_LIST.flatMap(({ tags }) => tags))].map((name) => ({ name })),
    paths,
    components: {
      schemas: book.definitions(),
      responses: errorResponses(errorSchema),
      headers: HEADERS,
      parameters: PARAMETERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function operationObject(operation: Operation, book: SchemaBook): Json {
  const { id, summary, description, tags, success, auth } = operation;
  const { status, schema, otherwise } = success;
  const content = { 'application/json': { schema: book.refer(schema) } };
  const answers: Json = { [status]: { description: 'Done.', headers: REPLY_HEADERS, content } };
  if (otherwise)
    answers[otherwise.status] = { description: `When ${otherwise.when}.`, headers: REPLY_HEADERS, content };
  return {
    operationId: id,
    summary,
    description,
    tags,
    ...securityOf(auth),
    parameters: parametersOf(operation, book),
    ...bodyOf(operation, book),
    responses: { ...answers, ...errorsOf(operation) },
  };
}

function securityOf(auth: Operation['auth']): Json {
  if (auth === 'none') return { security: [{ apiKey: [] }] };
  return auth === 'any' ? { security: [{ apiKey: [], token: [] }, { apiKey: [] }] } : {};
}

function parametersOf(operation: Operation, book: SchemaBook): Json[] {
  const listed = [...partsOf(operation.params, 'path', book), ...partsOf(operation.query, 'query', book)];
  return operation.write ? [...listed, { $ref: '#/components/parameters/IdempotencyKey' }] : listed;
}

/** `api_key` is a security scheme and not listed again. */
function partsOf(schema: TSchema | undefined, place: 'path' | 'query', book: SchemaBook): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, TSchema & { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties)
    .filter(([name]) => name !== 'api_key')
    .map(([name, property]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...(property.description && { description: property.description }),
      schema: book.refer(property),
    }));
}

function bodyOf({ body, bodyOptional }: Operation, book: SchemaBook): Json {
  if (!body) return {};
  return {
    requestBody: { required: !bodyOptional, content: { 'application/json': { schema: book.refer(body) } } },
  };
}

/** One answer for each status, naming the errors that share it. */
function errorsOf({ errors }: Operation): Json {
  const byStatus = Map.groupBy([...new Set(errors)], (name) => ERRORS[name].status);
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      { $ref: `#/components/responses/${responseName(names, status)}` },
    ]),
  );
}

const responseName = (_names: readonly ErrorName[], status: number): string => `Error${status}`;

function errorResponses(schema: Json): Json {
  const byStatus = Map.groupBy(Object.keys(ERRORS) as ErrorName[], (name) => ERRORS[name].status);
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      responseName(names, status),
      {
        description: names
          .map((name) => `Code ${ERRORS[name].code}, ${ERRORS[name].title}: ${ERRORS[name].fix}`)
          .join(' '),
        headers: REPLY_HEADERS,
        content: { 'application/json': { schema } },
      },
    ]),
  );
}

const whole = { type: 'integer' };
const HEADERS = {
  RequestId: {
    description: 'Names the request in the log; a sane one of the client is kept.',
    schema: { type: 'string' },
  },
  RateLimit: { description: 'Requests that the window allows; 2147483647: no limit.', schema: whole },
  RateLimitRemaining: { description: 'Requests left in the window.', schema: whole },
  RateLimitReset: { description: 'End of the window in seconds since 1970.', schema: whole },
};
const REPLY_HEADERS = {
  'X-Request-Id': { $ref: '#/components/headers/RequestId' },
  'X-RateLimit-Limit': { $ref: '#/components/headers/RateLimit' },
  'X-RateLimit-Remaining': { $ref: '#/components/headers/RateLimitRemaining' },
  'X-RateLimit-Reset': { $ref: '#/components/headers/RateLimitReset' },
};
const PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'The same key with the same request within 24 hours answers the first reply again and changes nothing.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
};
const SECURITY_SCHEMES = {
  apiKey: { type: 'apiKey', in: 'query', name: 'api_key', description: 'The key of the application.' },
  token: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description:
      'A server or user token: a JSON Web Token signed with HS256 and the API secret, bare or after `Bearer`.',
  },
};
