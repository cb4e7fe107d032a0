import type { TaskId, UserId } from '@callgate/contract';
import type { Database, Handle, Tx } from '../../storage/database.ts';
import { builderOf, inList, prepared } from '../../storage/prepared.ts';
import type { TaskOutputsTable } from '../../storage/tables.ts';

export type TaskOutput = TaskOutputsTable;
/** Where an output stands among those of its task. */
export type OutputPlace = Pick<TaskOutput, 'item' | 'page'>;

const insert = prepared<TaskOutput, never>((db, p) =>
  db.insertInto('task_outputs').values({
    task_id: p('task_id'),
    item: p('item'),
    page: p('page'),
    subject_id: p('subject_id'),
    lines: p('lines'),
  }),
);
const deleteFrom = prepared<{ task_id: TaskId; item: number }, never>((db, p) =>
  db.deleteFrom('task_outputs').where('task_id', '=', p('task_id')).where('item', '>=', p('item')),
);
const deleteOf = prepared<{ ids: string }, never>((db, p, engine) =>
  db.deleteFrom('task_outputs').where(inList(engine, 'subject_id', p('ids'))),
);
const selectAfter = prepared<{ task_id: TaskId; item: number; page: number; limit: number }, TaskOutput>(
  (db, p) =>
    db
      .selectFrom('task_outputs')
      .selectAll()
      .where('task_id', '=', p('task_id'))
      .where('item', '>=', p('item'))
      .where((eb) => eb.or([eb('item', '>', p('item')), eb('page', '>', p('page'))]))
      .orderBy('item')
      .orderBy('page')
      .limit(p('limit')),
);
/** Rows per batch of a stream. */
const STREAM_BATCH = 100;

export const addOutputs = async (tx: Tx, outputs: readonly TaskOutput[]): Promise<void> =>
  void (await Promise.all(outputs.map((output) => insert.all(tx, output))));

/** Drops what a task found about the id at this position and those behind it. */
export const dropOutputsFrom = async (tx: Tx, task_id: TaskId, item: number): Promise<void> =>
  void (await deleteFrom.all(tx, { task_id, item }));

/** Drops whatever tasks found about these people. */
export const forgetOutputsAbout = async (tx: Tx, ids: readonly UserId[]): Promise<void> =>
  void (await deleteOf.all(tx, { ids: JSON.stringify(ids) }));

/** What a task found, behind a place, in order. */
export const outputsAfter = (
  handle: Handle,
  task_id: TaskId,
  place: OutputPlace,
  limit: number,
): Promise<TaskOutput[]> => selectAfter.all(handle, { task_id, ...place, limit });

/** Everything that a task found, in order, read as the consumer asks for it. */
export const allOutputs = (database: Database, task_id: TaskId): AsyncIterable<TaskOutput[]> =>
  database.scan<TaskOutput>((last) =>
    builderOf(database.engine)
      .selectFrom('task_outputs')
      .selectAll()
      .where('task_id', '=', task_id)
      .where('item', '>=', last?.item ?? 0)
      .where((eb) => eb.or([eb('item', '>', last?.item ?? -1), eb('page', '>', last?.page ?? -1)]))
      .orderBy('item')
      .orderBy('page')
      .limit(STREAM_BATCH)
      .compile(),
  );
