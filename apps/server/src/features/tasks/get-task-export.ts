import type { ExportRecord, TaskId } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { type CursorScope, decodeCursor, encodeCursor } from '../../storage/cursor.ts';
import type { Handle } from '../../storage/database.ts';
import { requireTask, type TaskReading } from './get-task.ts';
import { allOutputs, outputsAfter, type TaskOutput } from './task-outputs.store.ts';

/** The type of the tasks that find something. */
export const EXPORT_TASK = 'user.export';
/** A page ends with the output that exceeds so many characters. */
const PAGE_CHARACTERS = 64 * 1024;
/** Outputs that are looked at for a page: most are far smaller than it. */
const OUTPUTS_READ = 100;

/**
 * A page of what a completed export found, person by person in the order of the request. 404/16 without the task,
 * 400/4 for another task, one that is not completed, and a cursor of another one.
 */
export function getTaskExport(
  { database, clock }: TaskReading,
  id: TaskId,
  asked: { next?: string },
): Promise<{ records: ExportRecord[]; next?: string }> {
  return database.read(async (snapshot) => {
    await requireExport(snapshot, id, clock.now());
    const scope: CursorScope = { list: 'task_export', sort: [], filter: { id } };
    const keys = asked.next === undefined ? [-1, -1] : decodeCursor('next', scope, asked.next, NUMBERS);
    const place = { item: Number(keys[0]), page: Number(keys[1]) };
    const found = await outputsAfter(snapshot, id, place, OUTPUTS_READ);
    const kept = pageOf(found);
    const last = kept.at(-1);
    const hasMore = kept.length < found.length || found.length === OUTPUTS_READ;
    return {
      records: kept.flatMap(({ lines }) => recordsIn(lines)),
      ...(last && hasMore && { next: encodeCursor('next', scope, [last.item, last.page]) }),
    };
  });
}
const NUMBERS = ['number', 'number'] as const;

/** As `getTaskExport`, everything as lines of JSON, read only as fast as the client takes it. */
export async function streamTaskExport(
  { database, clock }: TaskReading,
  id: TaskId,
): Promise<AsyncIterable<string>> {
  await database.read((snapshot) => requireExport(snapshot, id, clock.now()));
  return linesOf(allOutputs(database, id));
}

async function* linesOf(batches: AsyncIterable<TaskOutput[]>): AsyncGenerator<string> {
  for await (const outputs of batches) yield outputs.map(({ lines }) => lines).join('');
}

async function requireExport(handle: Handle, id: TaskId, now: number): Promise<void> {
  const { type, status } = await requireTask(handle, id, now);
  if (type !== EXPORT_TASK) throw inputError('id', 'the task is no export');
  if (status !== 'completed') throw inputError('id', `the export is ${status}, not completed`);
}

function pageOf(outputs: readonly TaskOutput[]): readonly TaskOutput[] {
  let characters = 0;
  const end = outputs.findIndex(({ lines }) => {
    characters += lines.length;
    return characters >= PAGE_CHARACTERS;
  });
  return end === -1 ? outputs : outputs.slice(0, end + 1);
}

const recordsIn = (lines: string): ExportRecord[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ExportRecord);
