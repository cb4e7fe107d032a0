import type { TSchema } from 'typebox';

/** A schema as plain data, with where it stands, e.g. `banUser.body.reason`. */
export interface Place {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** The part of JSON Schema that the contract uses. */
export interface JsonSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  maxProperties?: number;
  items?: JsonSchema;
  maxItems?: number;
  anyOf?: JsonSchema[];
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

/** Every schema inside a schema, itself first. */
export function* placesIn(root: TSchema, path: string): Generator<Place> {
  yield* walk(JSON.parse(JSON.stringify(root)), path);
}

function* walk(schema: JsonSchema, path: string): Generator<Place> {
  yield { path, schema };
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* walk(property, `${path}.${name}`);
  if (typeof schema.additionalProperties === 'object') yield* walk(schema.additionalProperties, `${path}.*`);
  if (schema.items !== undefined) yield* walk(schema.items, `${path}[]`);
  for (const [index, part] of (schema.anyOf ?? []).entries()) yield* walk(part, `${path}|${index}`);
}
