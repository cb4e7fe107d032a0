import type { PoolClient, Submittable } from 'pg';
import { Batch, type BatchItem, type StatementMemory } from './postgres-batch.ts';

/** A result of one statement. */
export interface Answer {
  rows: Record<string, unknown>[];
  /** What the server did, e.g. `COMMIT`. */
  tag: string;
}

export interface Query {
  text: string;
  name?: string | undefined;
  values?: readonly unknown[];
  /** Begins a batch (`BatchItem.leads`). */
  leads?: boolean;
}

/** How long a statement that may take long is waited for, in milliseconds: a day. */
const PATIENCE_MS = 86_400_000;

/**
 * A connection of the pool, sending in batches: statements asked for within one turn, or while a batch is under
 * way, make the next batch.
 */
export class PostgresConnection {
  readonly #client: PoolClient;
  readonly #memory: StatementMemory;
  #waiting: BatchItem[] = [];
  #isFlushDue = false;
  #isBusy = false;
  /** Whether a migration runs here: the server's silence is no sign of its death. */
  patient = false;

  constructor(client: PoolClient, parserOf: StatementMemory['parserOf']) {
    this.#client = client;
    this.#memory = { parserOf, known: new Map(), doubtful: new Set() };
    // A connection that breaks between two batches has nobody to tell, and an `error` event that nobody hears
    // ends the process. The next batch on it is refused, which is how its transaction learns.
    client.on('error', () => undefined);
  }

  query(query: Query): Promise<Answer> {
    const { text, name, values = [], leads = false } = query;
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        text,
        name,
        values,
        leads,
        resolve: (rows, tag) => resolve({ rows, tag }),
        reject,
      });
      if (this.#isFlushDue || this.#isBusy) return;
      this.#isFlushDue = true;
      // After the promises of this turn: what they ask for travels along.
      process.nextTick(() => this.#flush());
    });
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#waiting.length === 0) return;
    this.#isBusy = true;
    const batch: Submittable & { query_timeout?: number } = new Batch(this.#nextItems(), this.#memory, () => {
      this.#isBusy = false;
      this.#flush();
    });
    if (this.patient) batch.query_timeout = PATIENCE_MS;
    this.#client.query(batch);
  }

  #nextItems(): BatchItem[] {
    const next = this.#waiting.findIndex((item, place) => place > 0 && item.leads);
    return this.#waiting.splice(0, next > 0 ? next : this.#waiting.length);
  }
}
