import { type Static, Type } from 'typebox';
import type { JobId, TaskId } from '../ids.ts';
import { duration, madeId, oneOf, response } from './fields.ts';

/** The states of the enforcement of an act, as replies, events and the audit log name them. */
export const ENFORCEMENT_STATES = ['applied', 'pending', 'no_media'] as const;
export type EnforcementState = (typeof ENFORCEMENT_STATES)[number];

export const EnforcementResponse = response(
  'EnforcementResponse',
  'What held at the media server when the reply was sent.',
  {
    state: oneOf(
      ENFORCEMENT_STATES,
      '`applied`: the media server answered for every session concerned. `pending`: the wait (2 s) ended first; an `enforcement.completed` event follows. `no_media`: there was nothing to bind, or no media server is configured.',
    ),
    sessions: Type.Integer({ minimum: 0, description: 'How many media sessions the act concerned.' }),
    tracks: Type.Integer({ minimum: 0, description: 'How many published tracks the act concerned.' }),
    took_ms: Type.Number({ minimum: 0, description: 'Milliseconds from the commit to this answer.' }),
    job_id: Type.Optional(
      madeId<JobId>('The enforcement job, as `enforcement.completed` and the audit log name it.'),
    ),
    task_id: Type.Optional(
      madeId<TaskId>(
        'Of a change that concerns everybody in the calls of a type, or in all calls: the task that shows how far it is, for `GET /api/v2/tasks/{id}`.',
      ),
    ),
  },
);
export type EnforcementResponse = Static<typeof EnforcementResponse>;

/** The two fields of every act's reply. */
export const actFields = { duration, enforcement: Type.Optional(EnforcementResponse) } as const;

/** The reply of an act that has nothing else to say. */
export const ActResponse = response('ActResponse', 'The act is done and durable.', { ...actFields });
export type ActResponse = Static<typeof ActResponse>;
