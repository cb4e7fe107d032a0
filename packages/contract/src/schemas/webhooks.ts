import { type Static, Type } from 'typebox';
import type { DeliveryId, EventId, HookId } from '../ids.ts';
import { actFields } from './enforcement.ts';
import { EVENTS, type EventType } from './events.ts';
import {
  callCid,
  count,
  cursor,
  duration,
  madeId,
  oneOf,
  pageLinks,
  query,
  queryNumber,
  request,
  response,
  text,
  time,
} from './fields.ts';

/** Events that no webhook is sent: those of a socket, ephemeral ones, and the test, which is asked for. */
const NEVER_SENT: readonly EventType[] = [
  'connection.ok',
  'connection.error',
  'health.check',
  'watch.ended',
  'custom',
  'call.reaction_new',
  'webhook.test',
];

/** The events that a hook can be sent. */
export const WEBHOOK_EVENT_TYPES: ReadonlySet<string> = new Set(
  Object.keys(EVENTS).filter((type) => !NEVER_SENT.includes(type as EventType)),
);

export const DELIVERY_STATES = ['pending', 'retrying', 'slow', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

const state = (description: string) => oneOf(DELIVERY_STATES, description);

export const WebhookDeliveryResponse = response(
  'WebhookDeliveryResponse',
  'One event on its way to one hook.',
  {
    id: madeId<DeliveryId>('The delivery: `X-WEBHOOK-ID` of every attempt.'),
    hook_id: madeId<HookId>('The hook.'),
    event_id: madeId<EventId>('The event.'),
    event_type: Type.String({ description: 'The name of the event.' }),
    call_cid: Type.Optional(callCid('The call of the event.')),
    state: state(
      '`pending`: waits for its turn. `retrying`: waits for its next attempt, and later events of its call or user wait with it. `slow`: tried for up to 24 hours, others go on. `delivered`: answered with 2xx. `dead`: given up.',
    ),
    attempts: count('Attempts so far.'),
    next_attempt_at: Type.Optional(time('When it is tried again; absent once it is delivered or dead.')),
    last_attempt_at: Type.Optional(time('When it was tried last.')),
    last_status: Type.Optional(
      Type.Integer({ description: 'The HTTP status of the last attempt; absent when there was no answer.' }),
    ),
    last_error: Type.Optional(Type.String({ description: 'What went wrong at the last attempt.' })),
    created_at: time('When it was planned.'),
    done_at: Type.Optional(time('When it was delivered or given up.')),
  },
);
export type WebhookDeliveryResponse = Static<typeof WebhookDeliveryResponse>;

export const ListWebhookDeliveriesQuery = query('ListWebhookDeliveriesQuery', {
  hook_id: Type.Optional(madeId<HookId>('Only those to this hook; default all.')),
  state: Type.Optional(state('Only those in this state; default all.')),
  event_type: Type.Optional(text(64, 'Only those of this event; default all.', 1)),
  since: Type.Optional(time('Only those planned at or after; default all.')),
  limit: Type.Optional(queryNumber('How many to answer: 1 to 100, default 25.')),
  next: Type.Optional(cursor('next')),
  prev: Type.Optional(cursor('prev')),
});
export type ListWebhookDeliveriesQuery = Static<typeof ListWebhookDeliveriesQuery>;

export const ListWebhookDeliveriesResponse = response(
  'ListWebhookDeliveriesResponse',
  'A page of deliveries, the newest first. Delivered ones are kept for 7 days, dead ones for 30.',
  {
    deliveries: Type.Array(WebhookDeliveryResponse, { description: 'The deliveries of this page.' }),
    ...pageLinks,
    duration,
  },
);
export type ListWebhookDeliveriesResponse = Static<typeof ListWebhookDeliveriesResponse>;

export const WebhookDeliveryPath = Type.Object(
  { id: madeId<DeliveryId>('The delivery.') },
  { title: 'WebhookDeliveryPath', additionalProperties: false },
);
export type WebhookDeliveryPath = Static<typeof WebhookDeliveryPath>;

export const ReplayWebhookDeliveryResponse = response(
  'ReplayWebhookDeliveryResponse',
  'The delivery as it is now.',
  { delivery: WebhookDeliveryResponse, ...actFields },
);
export type ReplayWebhookDeliveryResponse = Static<typeof ReplayWebhookDeliveryResponse>;

export const ReplayWebhooksRequest = request('ReplayWebhooksRequest', 'What to send again.', {
  since: time('Everything planned at or after that is `dead` or `slow` now.'),
  hook_id: Type.Optional(madeId<HookId>('Only to this hook; default all.')),
});
export type ReplayWebhooksRequest = Static<typeof ReplayWebhooksRequest>;

export const ReplayWebhooksResponse = response(
  'ReplayWebhooksResponse',
  'What is sent again, in the background.',
  {
    hook_ids: Type.Array(madeId<HookId>('A hook.'), { description: 'The hooks concerned.' }),
    deliveries: count('How many deliveries; 10,000 stands for so many or more.'),
    ...actFields,
  },
);
export type ReplayWebhooksResponse = Static<typeof ReplayWebhooksResponse>;

export const TestWebhookRequest = request('TestWebhookRequest', 'The hook to try.', {
  hook_id: madeId<HookId>('The hook; it may be disabled.'),
});
export type TestWebhookRequest = Static<typeof TestWebhookRequest>;

export const TestWebhookResponse = response('TestWebhookResponse', 'What came back.', {
  hook_id: madeId<HookId>('The hook.'),
  webhook_id: madeId<DeliveryId>('`X-WEBHOOK-ID` of the request that was sent.'),
  delivered: Type.Boolean({ description: 'Whether the answer was 2xx.' }),
  status: Type.Optional(Type.Integer({ description: 'The HTTP status; absent when there was no answer.' })),
  error: Type.Optional(Type.String({ description: 'What went wrong.' })),
  body: Type.Optional(Type.String({ description: 'The first 1,000 characters of the answer.' })),
  took_ms: Type.Number({ minimum: 0, description: 'Milliseconds until the answer.' }),
  ...actFields,
});
export type TestWebhookResponse = Static<typeof TestWebhookResponse>;
