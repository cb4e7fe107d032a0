import { type Static, Type } from 'typebox';
import type { TaskId } from '../ids.ts';
import { actFields } from './enforcement.ts';
import { count, duration, madeId, oneOf, response, time } from './fields.ts';

export const TASK_STATUSES = ['pending', 'running', 'completed', 'failed'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** The reply of every operation that works as a task. */
export const TaskStartedResponse = response(
  'TaskStartedResponse',
  'The task that does the work; ask for it with `GET /api/v2/tasks/{id}`.',
  { task_id: madeId<TaskId>('The task.'), ...actFields },
);
export type TaskStartedResponse = Static<typeof TaskStartedResponse>;

export const TaskPath = Type.Object(
  { id: madeId<TaskId>('The task.') },
  { title: 'TaskPath', additionalProperties: false },
);
export type TaskPath = Static<typeof TaskPath>;

export const TaskError = response('TaskError', 'Why a task failed.', {
  type: Type.String({ description: 'The kind of failure.' }),
  description: Type.String({ description: 'What happened, in a sentence for people.' }),
});
export type TaskError = Static<typeof TaskError>;

/** What `result` of a bulk task says of one user. */
export const BulkUserResult = response('BulkUserResult', 'What became of one user.', {
  status: oneOf(['ok', 'error'], 'Whether it worked.'),
  error: Type.Optional(Type.String({ description: 'Why not.' })),
});
export type BulkUserResult = Static<typeof BulkUserResult>;

export const GetTaskResponse = response('GetTaskResponse', 'A task; rows are kept for 7 days.', {
  task_id: madeId<TaskId>('The task.'),
  status: oneOf(TASK_STATUSES, 'Where the task stands; `completed` and `failed` are final.'),
  created_at: time('When the task was made.'),
  updated_at: time('When the task last changed.'),
  progress: Type.Optional(
    response('TaskProgress', 'How far the task is.', {
      done: count('Items done.'),
      total: count('Items in all.'),
    }),
  ),
  result: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description:
        'Depends on the task; of bulk work on users: user id -> `{status: "ok"}` or `{status: "error", error}`.',
    }),
  ),
  error: Type.Optional(TaskError),
  duration,
});
export type GetTaskResponse = Static<typeof GetTaskResponse>;
