import { type Static, Type } from 'typebox';
import type { AuditId } from '../ids.ts';
import { EnforcementResponse } from './enforcement.ts';
import {
  callCid,
  cursor,
  duration,
  madeId,
  oneOf,
  pageLinks,
  query,
  queryNumber,
  response,
  text,
  time,
  userId,
} from './fields.ts';

export const ACTOR_KINDS = ['server', 'user', 'system'] as const;

const snapshot = (description: string) =>
  Type.Optional(
    Type.Unsafe<Record<string, unknown> | unknown[]>({
      anyOf: [
        { type: 'object', additionalProperties: true },
        { type: 'array', items: {} },
      ],
      description: `${description} A list for acts on lists.`,
    }),
  );

export const ModerationLogResponse = response(
  'ModerationLogResponse',
  'One act. Personal fields are absent once they are erased.',
  {
    id: madeId<AuditId>('The record.'),
    created_at: time('When the act was done.'),
    action: Type.String({ description: 'What was done, e.g. `ban_user`.' }),
    actor_kind: oneOf(ACTOR_KINDS, '`server`: a server token; `user`: a user token; `system`: a timer.'),
    actor_id: Type.Optional(userId('Whose token it was; absent for the server.')),
    as_id: Type.Optional(userId('On whose behalf a server token acted, e.g. `banned_by_id`.')),
    target_type: Type.Optional(Type.String({ description: 'What kind of thing was acted on, e.g. `user`.' })),
    target_id: Type.Optional(Type.String({ description: 'Which one.' })),
    call_cid: Type.Optional(callCid('The call, for acts in a call.')),
    reason: Type.Optional(Type.String({ description: 'Why, as the actor said.' })),
    request_id: Type.String({ description: 'The request that did it, as in the server’s log.' }),
    address: Type.Optional(Type.String({ description: 'The address that the request came from.' })),
    before: snapshot('The changed fields before the act.'),
    after: snapshot('The changed fields after the act.'),
    enforcement: Type.Optional(EnforcementResponse),
    seq: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The number in the chain; absent until sealed.' }),
    ),
    hash: Type.Optional(
      Type.String({ description: 'The link of the chain in hexadecimal; absent until sealed.' }),
    ),
  },
);
export type ModerationLogResponse = Static<typeof ModerationLogResponse>;

export const QueryModerationLogsQuery = query('QueryModerationLogsQuery', {
  action: Type.Optional(text(64, 'Only this action, e.g. `ban_user`; default all.', 1)),
  actor_id: Type.Optional(userId('Only acts of this person, done or done on their behalf; default all.')),
  target_id: Type.Optional(text(255, 'Only acts on this thing; default all.', 1)),
  call_cid: Type.Optional(callCid('Only acts in this call; default all.')),
  request_id: Type.Optional(text(128, 'Only acts of this request; default all.', 1)),
  from: Type.Optional(time('Only acts at or after; default all.')),
  to: Type.Optional(time('Only acts before; default all.')),
  limit: Type.Optional(queryNumber('How many to answer: 1 to 100, default 25; not with `ndjson`.')),
  next: Type.Optional(cursor('next')),
  prev: Type.Optional(cursor('prev')),
  format: Type.Optional(
    oneOf(
      ['json', 'ndjson'],
      '`json` (default): a page. `ndjson`: every record that matches, one per line, oldest first.',
    ),
  ),
});
export type QueryModerationLogsQuery = Static<typeof QueryModerationLogsQuery>;

export const QueryModerationLogsResponse = response(
  'QueryModerationLogsResponse',
  'A page of the audit log, the newest first.',
  {
    logs: Type.Array(ModerationLogResponse, { description: 'The records of this page.' }),
    ...pageLinks,
    duration,
  },
);
export type QueryModerationLogsResponse = Static<typeof QueryModerationLogsResponse>;
