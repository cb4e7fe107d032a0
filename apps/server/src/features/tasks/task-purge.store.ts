import type { TaskId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';

/** Ids, and chunks of ids, that are dropped in one transaction at most. */
const BATCH = 200;

const selectExpired = prepared<{ before: number }, { id: TaskId }>((db, p) =>
  db
    .selectFrom('tasks')
    .select('id')
    .where('created_at', '<', p('before'))
    .where('status', 'not in', ['pending', 'running'])
    .where((eb) =>
      eb.exists(eb.selectFrom('task_chunks').select('size').whereRef('task_chunks.task_id', '=', 'tasks.id')),
    )
    .limit(1),
);
const selectFirstOutput = prepared<{ task_id: TaskId }, { item: number }>((db, p) =>
  db.selectFrom('task_outputs').select('item').where('task_id', '=', p('task_id')).orderBy('item').limit(1),
);
const deleteOutputs = prepared<{ task_id: TaskId; to: number }, never>((db, p) =>
  db.deleteFrom('task_outputs').where('task_id', '=', p('task_id')).where('item', '<', p('to')),
);
const deleteChunks = prepared<{ task_id: TaskId }, never>((db, p) =>
  db
    .deleteFrom('task_chunks')
    .where('task_id', '=', p('task_id'))
    .where('position', 'in', (eb) =>
      eb
        .selectFrom('task_chunks as first')
        .select('first.position')
        .where('first.task_id', '=', p('task_id'))
        .orderBy('first.position')
        .limit(BATCH),
    ),
);

/** A task that ended, was made before `before` (milliseconds), and has left something. */
export const expiredTask = async (handle: Handle, before: number): Promise<TaskId | undefined> =>
  (await selectExpired.first(handle, { before }))?.id;

/** Drops some of what a task has left: what it found first, its ids last. */
export async function purgeSome(tx: Tx, task_id: TaskId): Promise<void> {
  const first = await selectFirstOutput.first(tx, { task_id });
  if (first === undefined) await deleteChunks.all(tx, { task_id });
  else await deleteOutputs.all(tx, { task_id, to: first.item + BATCH });
}
