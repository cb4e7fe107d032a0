export * from './event.ts';
export { eventMessage } from './event-message.ts';
export {
  areKept,
  eventsAfter,
  lastPlace,
  lastSeqOf,
  membersNow,
  type OrderedRow,
  type OutboxRow,
} from './event-order.store.ts';
export { createEventOrder, type EventOrder, type EventOrderHooks } from './event-order.ts';
export { appendEvents, eventsOfCall } from './outbox.store.ts';
