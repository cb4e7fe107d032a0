import type { Connection, Submittable } from 'pg';

/** A statement on its way, and who waits for it. */
export interface BatchItem {
  text: string;
  /** Named statements are parsed once per connection. */
  name: string | undefined;
  /** Texts, numbers and null (`assertBindable`). */
  values: readonly unknown[];
  /** Begins a batch, so that it runs whatever happened to the statements before. */
  leads: boolean;
  /** `tag` is what the server did, e.g. `COMMIT`. */
  resolve: (rows: Row[], tag: string) => void;
  reject: (error: unknown) => void;
}

type Row = Record<string, unknown>;
type Parser = (text: string) => unknown;

/** How the texts of a row become values. */
interface RowShape {
  names: string[];
  parsers: Parser[];
}

/** What a connection knows of its named statements. */
export interface StatementMemory {
  parserOf: (oid: number) => Parser;
  /** On the server, with the shape of their rows (undefined: they return none). */
  readonly known: Map<string, RowShape | undefined>;
  /** Perhaps on the server, because a batch failed around them: closed before they are parsed again. */
  readonly doubtful: Set<string>;
}

/**
 * Statements that travel and are answered together: one write, one `Sync`, one answer. When one fails the server
 * skips the rest of the batch, which is rejected with the same error. It speaks pg's interface for queries of
 * one's own, as pg-cursor does. Why not pg's pipeline mode: it ends every statement with a `Sync`, describes rows
 * it has seen before, and cost a third more processor time (docs/adr/0004-prepared-statements.md).
 */
export class Batch implements Submittable {
  readonly #items: readonly BatchItem[];
  readonly #memory: StatementMemory;
  readonly #parsedHere = new Set<string>();
  #place = 0;
  #rows: Row[] = [];
  #shape: RowShape | undefined;
  /** Called once, when the answer is complete or has failed; pg puts its timer around it. */
  callback: () => void;

  constructor(items: readonly BatchItem[], memory: StatementMemory, onEnd: () => void) {
    this.#items = items;
    this.#memory = memory;
    this.callback = onEnd;
    this.#expect(0);
  }

  submit(connection: Connection): void {
    connection.stream.cork();
    for (const item of this.#items) this.#send(connection, item);
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription(message: { fields: { name: string; dataTypeID: number }[] }): void {
    this.#shape = {
      names: message.fields.map((field) => field.name),
      parsers: message.fields.map((field) => this.#memory.parserOf(field.dataTypeID)),
    };
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const shape = this.#shape;
    if (shape === undefined) return;
    const row: Row = {};
    for (let index = 0; index < shape.names.length; index++) {
      const value = fields[index] ?? null;
      row[shape.names[index] as string] = value === null ? null : shape.parsers[index]?.(value);
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { text: string }): void {
    const item = this.#items[this.#place];
    if (item === undefined) return;
    if (item.name !== undefined) this.#memory.known.set(item.name, this.#shape);
    const rows = this.#rows;
    this.#expect(this.#place + 1);
    item.resolve(rows, text);
  }

  handleReadyForQuery(): void {
    this.callback();
  }

  handleError(error: unknown): void {
    const { known, doubtful } = this.#memory;
    for (const name of this.#parsedHere) if (!known.has(name)) doubtful.add(name);
    const unanswered = this.#items.slice(this.#place);
    this.#expect(this.#items.length);
    for (const item of unanswered) item.reject(error);
    this.callback();
  }

  #expect(place: number): void {
    const name = this.#items[place]?.name;
    this.#place = place;
    this.#rows = [];
    this.#shape = name === undefined ? undefined : this.#memory.known.get(name);
  }

  #send(connection: Connection, { text, name = '', values }: BatchItem): void {
    const isKnown = this.#memory.known.has(name);
    if (!isKnown && !this.#parsedHere.has(name)) {
      if (this.#memory.doubtful.delete(name)) connection.close({ type: 'S', name }, true);
      if (name !== '') this.#parsedHere.add(name);
      connection.parse({ name, text, types: [] }, true);
    }
    connection.bind({ statement: name, values: values.map(asText) }, true);
    if (!isKnown) connection.describe({ type: 'P' }, true);
    connection.execute(null, true);
  }
}

const asText = (value: unknown): string | null => (value === null ? null : String(value));
