import { type Static, Type } from 'typebox';
import type { HookId } from '../ids.ts';
import { flag, LIMITS, listOf, madeId, nullable, oneOf, request, response, text, time } from './fields.ts';

/** The kinds of hook that clients of this family of APIs name; only `webhook` is offered. */
export const HOOK_TYPES = ['webhook', 'sqs', 'sns', 'pending_message'] as const;

const otherKind = (description: string) =>
  Type.Optional(text(2048, `${description} Hooks that need it are not offered: 400, code 19.`));

export const EventHookRequest = request('EventHookRequest', 'One hook.', {
  id: Type.Optional(
    madeId<HookId>('The hook to change; an id that is not there is made, a missing one is drawn.'),
  ),
  enabled: flag('Whether it is sent anything. What happens while it is off is not sent later.'),
  hook_type: oneOf(HOOK_TYPES, '`webhook`; the others are answered with 400, code 19.'),
  webhook_url: Type.Optional(
    text(2048, 'Where to: an `https` address without credentials; required for webhooks.', 1),
  ),
  event_types: Type.Optional(
    listOf(
      text(64, 'The name of an event.', 1),
      LIMITS.hookEventTypes,
      'Which events; empty (default): all, those of later versions too.',
    ),
  ),
  signing_secret: Type.Optional(
    nullable(
      text(
        255,
        'What to sign with in place of the API secret; null takes it away, left out it stays. It is never shown.',
        16,
      ),
    ),
  ),
  gzip: Type.Optional(flag('Whether bodies are sent compressed; default false.')),
  sqs_queue_url: otherKind('The queue.'),
  sqs_region: otherKind('The region of the queue.'),
  sqs_auth_type: otherKind('How to sign in at the queue.'),
  sns_arn_topic: otherKind('The topic.'),
});
export type EventHookRequest = Static<typeof EventHookRequest>;

export const EventHookResponse = response('EventHookResponse', 'One hook.', {
  id: madeId<HookId>('The hook.'),
  enabled: flag('Whether it is sent anything.'),
  hook_type: oneOf(HOOK_TYPES, 'The kind: `webhook`.'),
  webhook_url: Type.String({ description: 'Where to.' }),
  event_types: Type.Array(Type.String({ description: 'The name of an event.' }), {
    description: 'Which events; empty: all.',
  }),
  has_signing_secret: flag('Whether it has a secret of its own; the secret itself is never shown.'),
  gzip: flag('Whether bodies are sent compressed.'),
  created_at: time('When it was made.'),
  updated_at: time('When it last changed.'),
});
export type EventHookResponse = Static<typeof EventHookResponse>;
