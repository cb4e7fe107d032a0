export * from './event.ts';
export { appendEvents, eventsOfCall } from './outbox.store.ts';
