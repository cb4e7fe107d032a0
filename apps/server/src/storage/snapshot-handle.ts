import type { CompiledQuery } from 'kysely';
import type { Handle } from './database.ts';
import type { State } from './state.ts';

/** What handles of one state share. */
export interface SharedSnapshot {
  readonly state: State;
  run<R>(statement: CompiledQuery<R>): R[];
}

/** One read. As on PostgreSQL, a statement that failed spoils the whole: what follows is refused with the same error. */
export class SnapshotHandle implements Handle {
  readonly engine = 'sqlite';
  readonly state: State;
  readonly #shared: SharedSnapshot;
  #ended = false;
  #failed = false;
  #failure: unknown;

  constructor(shared: SharedSnapshot) {
    this.#shared = shared;
    this.state = shared.state;
  }

  run<R>(statement: CompiledQuery<R>): Promise<R[]> {
    try {
      return Promise.resolve(this.#run(statement));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Nothing is answered any more. */
  end(): void {
    this.#ended = true;
  }

  #run<R>(statement: CompiledQuery<R>): R[] {
    if (this.#ended) throw new Error('a statement was run after its transaction had ended');
    if (this.#failed) throw this.#failure;
    try {
      return this.#shared.run(statement);
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      throw error;
    }
  }
}
