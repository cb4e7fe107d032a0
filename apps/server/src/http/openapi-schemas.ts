import { isDeepStrictEqual } from 'node:util';
import type { TSchema } from 'typebox';

type Json = Record<string, unknown>;

/** Collects the schemas that have a title, so that each stands in the document once and is referred to. */
export class SchemaBook {
  readonly #definitions = new Map<string, Json>();

  /** The schema as it stands in the document: a reference when it has a title. */
  refer(schema: TSchema): Json {
    // Through JSON, which drops what TypeBox keeps for itself.
    return this.#written(JSON.parse(JSON.stringify(schema))) as Json;
  }

  /** All schemas with a title, sorted by it. */
  definitions(): Record<string, Json> {
    const sorted = [...this.#definitions].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  }

  #written(node: unknown): unknown {
    if (Array.isArray(node)) return node.map((item) => this.#written(item));
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).map(([key, value]) => [key, this.#written(value)]);
    const written: Json = Object.fromEntries(entries);
    const { title } = written;
    return typeof title === 'string' && 'type' in written ? this.#define(title, written) : written;
  }

  #define(title: string, schema: Json): Json {
    const known = this.#definitions.get(title);
    if (known && !isDeepStrictEqual(known, schema)) {
      throw new Error(`two different schemas have the title ${title}`);
    }
    this.#definitions.set(title, schema);
    return { $ref: `#/components/schemas/${title}` };
  }
}
