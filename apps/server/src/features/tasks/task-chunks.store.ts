import type { TaskId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { TaskChunksTable } from '../../storage/tables.ts';
import type { Outcome } from './task.ts';
import type { TaskItems } from './task-items.ts';

const insertChunk = prepared<Omit<TaskChunksTable, 'results'>, never>((db, p) =>
  db.insertInto('task_chunks').values({
    task_id: p('task_id'),
    position: p('position'),
    size: p('size'),
    items: p('items'),
    results: null,
  }),
);
const selectChunk = prepared<{ task_id: TaskId; position: number }, TaskChunksTable>((db, p) =>
  db
    .selectFrom('task_chunks')
    .selectAll()
    .where('task_id', '=', p('task_id'))
    .where('position', '=', p('position')),
);
const selectChunks = prepared<{ task_id: TaskId; from: number; to: number }, TaskChunksTable>((db, p) =>
  db
    .selectFrom('task_chunks')
    .selectAll()
    .where('task_id', '=', p('task_id'))
    .where('position', '<', p('to'))
    .where((eb) => eb(eb('position', '+', eb.ref('size')), '>', p('from')))
    .orderBy('position'),
);
const setResults = prepared<{ task_id: TaskId; position: number; results: string }, never>((db, p) =>
  db
    .updateTable('task_chunks')
    .set({ results: p('results') })
    .where('task_id', '=', p('task_id'))
    .where('position', '=', p('position')),
);

/** Writes the ids of a task. */
export async function addChunks(tx: Tx, task_id: TaskId, { chunks }: TaskItems): Promise<void> {
  await Promise.all(chunks.map((chunk) => insertChunk.all(tx, { task_id, ...chunk })));
}

/** The chunk that begins at a position. */
export const findChunk = (
  handle: Handle,
  task_id: TaskId,
  position: number,
): Promise<TaskChunksTable | undefined> => selectChunk.first(handle, { task_id, position });

/** The chunks that hold the ids from one position (inclusive) to another (exclusive), in order. */
export const chunksBetween = (
  handle: Handle,
  task_id: TaskId,
  from: number,
  to: number,
): Promise<TaskChunksTable[]> => selectChunks.all(handle, { task_id, from, to });

/** Writes what became of the ids of a chunk, in their order. */
export async function writeOutcomes(
  tx: Tx,
  at: { task_id: TaskId; position: number },
  outcomes: readonly Outcome[],
): Promise<void> {
  await setResults.all(tx, { ...at, results: JSON.stringify(outcomes) });
}
