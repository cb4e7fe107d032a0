import { type Static, Type } from 'typebox';
import type { TaskId } from '../ids.ts';
import { actFields } from './enforcement.ts';
import {
  count,
  cursor,
  duration,
  LIMITS,
  madeId,
  oneOf,
  pageLinks,
  query,
  response,
  time,
  userId,
} from './fields.ts';

export const TASK_STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
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
  status: oneOf(TASK_STATUSES, 'Where the task stands; `completed`, `failed` and `cancelled` are final.'),
  created_at: time('When the task was made.'),
  updated_at: time('When the task last changed.'),
  progress: Type.Optional(
    response('TaskProgress', 'How far the task is.', {
      done: count('Users done; sessions, of a task that enforces a change.'),
      total: count('Users, or sessions, in all.'),
    }),
  ),
  result: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: `Of a task that ended: user id -> \`{status: "ok"}\` or \`{status: "error", error}\`, without those that it did not come to. Absent above ${LIMITS.taskResultsInline} users: read \`GET /api/v2/tasks/{id}/results\`. Of a task that enforces a change (\`enforcement.task_id\`): what the reply says of enforcement.`,
    }),
  ),
  error: Type.Optional(TaskError),
  duration,
});
export type GetTaskResponse = Static<typeof GetTaskResponse>;

export const TaskResultsQuery = query('TaskResultsQuery', {
  limit: Type.Optional(
    Type.String({
      pattern: '^([1-9][0-9]{0,2}|1000)$',
      maxLength: 4,
      description: `How many to answer: 1 to ${LIMITS.taskResultsPage}, default 100.`,
    }),
  ),
  next: Type.Optional(cursor('next')),
});
export type TaskResultsQuery = Static<typeof TaskResultsQuery>;

export const TASK_RESULTS = ['ok', 'error', 'not_done'] as const;

export const TaskResult = response('TaskResult', 'What became of one user of a task.', {
  user_id: userId('The user.'),
  status: oneOf(
    TASK_RESULTS,
    '`ok`: it is as asked. `error`: it could not be done. `not_done`: the task has not come to it.',
  ),
  error: Type.Optional(Type.String({ description: 'Why not.' })),
});
export type TaskResult = Static<typeof TaskResult>;

export const GetTaskResultsResponse = response(
  'GetTaskResultsResponse',
  'A page of the users of a task, each once, in the order of the request.',
  {
    results: Type.Array(TaskResult, { description: 'The users of this page.' }),
    next: pageLinks.next,
    duration,
  },
);
export type GetTaskResultsResponse = Static<typeof GetTaskResultsResponse>;

/** What an export tells of a person; a record of its own for each thing. */
export const EXPORT_KINDS = [
  'user',
  'address',
  'membership',
  'ban',
  'user_block',
  'call_block',
  'grant',
  'mute',
  'permission_request',
  'ring',
  'ring_answer',
  'session',
] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

export const TaskExportQuery = query('TaskExportQuery', {
  next: Type.Optional(cursor('next')),
  format: Type.Optional(
    oneOf(['json', 'ndjson'], '`json` (default): a page. `ndjson`: every record, one per line.'),
  ),
});
export type TaskExportQuery = Static<typeof TaskExportQuery>;

export const ExportRecord = response('ExportRecord', 'One thing that is stored about a person.', {
  user_id: userId('The person.'),
  kind: oneOf(EXPORT_KINDS, 'What it is.'),
  data: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    description: 'What is stored, with times in RFC 3339.',
  }),
});
export type ExportRecord = Static<typeof ExportRecord>;

export const GetTaskExportResponse = response(
  'GetTaskExportResponse',
  'A page of what an export found, person by person in the order of the request; about 64 KB.',
  {
    records: Type.Array(ExportRecord, { description: 'The records of this page.' }),
    next: pageLinks.next,
    duration,
  },
);
export type GetTaskExportResponse = Static<typeof GetTaskExportResponse>;
