import type { ExportKind, ExportRecord, TaskId, UserId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Database, Handle, Tx } from '../../storage/database.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import {
  addOutputs,
  type BulkIds,
  dropOutputsFrom,
  EXPORT_TASK,
  itemsOf,
  type Outcome,
  startTask,
  type TaskHandler,
  type TaskOutput,
  type TaskPiece,
} from '../tasks/index.ts';
import { userResponse } from './user.ts';
import { findUser } from './users.store.ts';

/** One thing that is stored about a person; `key` is its place in the order of its source. */
export interface PersonFact {
  key: string;
  data: Record<string, unknown>;
}

/** What one feature stores about people: declared here, implemented by `person-data.store.ts`. */
export interface PersonSource {
  kind: Exclude<ExportKind, 'user'>;
  /** The facts behind a key ('' for the first), `FACTS_PAGE` at most. */
  page(handle: Handle, userId: UserId, after: string): Promise<PersonFact[]>;
}

/** Facts that are read at once. */
export const FACTS_PAGE = 500;
/** Lines are written down when there are so many characters of them. */
const OUTPUT_CHARACTERS = 64 * 1024;

/** Collects what is stored about users, as a task in the background. Server tokens only. */
export function exportUsers(
  acts: Acts,
  request: ActRequest,
  input: { user_ids: BulkIds },
): Promise<ActReply<{ task_id: TaskId }>> {
  const items = itemsOf(input.user_ids);
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    act.created();
    const { requestId } = request;
    return { task_id: await startTask(act, { type: EXPORT_TASK, requestId }, items) };
  });
}

/** What exporting needs. */
export interface ExportDeps {
  database: Database;
  clock: Clock;
  sources: readonly PersonSource[];
}

/** How exports are done: person by person, everything about one in the state of one moment unless it is very much. */
export const exportHandler = (deps: ExportDeps): TaskHandler => ({
  async run(piece) {
    const { database } = deps;
    const outputs = new Outputs(database, piece);
    const outcomes: Outcome[] = [];
    for (const [at, id] of piece.ids.entries()) {
      outcomes.push(await exportPerson(deps, outputs, { item: piece.position + at, id }));
    }
    await database.write(async (tx) => {
      await piece.hold(tx);
      await outputs.writeRest(tx);
      await piece.done(tx, outcomes);
    });
  },
});

async function exportPerson(
  { database, clock, sources }: ExportDeps,
  outputs: Outputs,
  { item, id }: { item: number; id: UserId },
): Promise<Outcome> {
  const now = clock.now();
  const { row, firsts } = await database.read(async (snapshot) => {
    const [found, ...pages] = await Promise.all([
      findUser(snapshot, id),
      ...sources.map((source) => source.page(snapshot, id, '')),
    ]);
    return { row: found, firsts: pages };
  });
  if (!row) return `user "${id}" does not exist`;
  const own = { item, subject_id: id };
  await outputs.add(own, [lineOf(id, 'user', userResponse(row, now, { withRevocation: true }))]);
  for (const [at, source] of sources.entries()) {
    for (let facts = firsts[at] ?? []; facts.length > 0; ) {
      await outputs.add(
        own,
        facts.map(({ data }) => lineOf(id, source.kind, data)),
      );
      const after = facts.at(-1)?.key ?? '';
      if (facts.length < FACTS_PAGE) break;
      facts = await database.read((snapshot) => source.page(snapshot, id, after));
    }
  }
  return null;
}

function lineOf(user_id: UserId, kind: ExportKind, data: Record<string, unknown>): string {
  const record: ExportRecord = { user_id, kind, data };
  return `${JSON.stringify(record)}\n`;
}

/** Lines on their way to the database: a row is of one person, and 64 KB of them are written at once. */
class Outputs {
  readonly #database: Database;
  readonly #piece: TaskPiece;
  #rows: TaskOutput[] = [];
  #characters = 0;
  #hasWritten = false;

  constructor(database: Database, piece: TaskPiece) {
    this.#database = database;
    this.#piece = piece;
  }

  async add(person: Pick<TaskOutput, 'item' | 'subject_id'>, lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      this.#append(person, line);
      if (this.#characters >= OUTPUT_CHARACTERS) await this.#writeRows(person);
    }
  }

  /** Writes what is left, in the transaction that ends the piece. */
  async writeRest(tx: Tx): Promise<void> {
    const { task, position } = this.#piece;
    // What an attempt that was cut off left goes first.
    if (!this.#hasWritten) await dropOutputsFrom(tx, task.id, position);
    await addOutputs(tx, this.#rows);
  }

  #append({ item, subject_id }: Pick<TaskOutput, 'item' | 'subject_id'>, line: string): void {
    this.#characters += line.length;
    const last = this.#rows.at(-1);
    if (last?.item === item) last.lines += line;
    else this.#rows.push({ task_id: this.#piece.task.id, item, page: 0, subject_id, lines: line });
  }

  async #writeRows(person: Pick<TaskOutput, 'item' | 'subject_id'>): Promise<void> {
    await this.#database.write(async (tx) => {
      await this.#piece.hold(tx);
      await this.writeRest(tx);
    });
    const last = this.#rows.at(-1);
    this.#hasWritten = true;
    this.#characters = 0;
    // More of the same person continues in a further row.
    this.#rows = [{ task_id: this.#piece.task.id, ...person, page: (last?.page ?? 0) + 1, lines: '' }];
  }
}
