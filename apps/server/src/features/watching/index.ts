export {
  addConnection,
  type ConnectionRow,
  closeConnection,
  closeLostConnections,
  dropConnections,
  findConnection,
  reopenConnection,
  reopenLostConnections,
} from './connections.store.ts';
export { createEphemeralBudget, type EphemeralBudget } from './ephemeral.ts';
export { sendCallEvent } from './send-call-event.ts';
export { sendReaction } from './send-reaction.ts';
export { demandSocket, type OpenSockets, WATCHES_MAX, watchCalls } from './watch-calls.ts';
export { endWatch, type WatchRow, watchesOf } from './watches.store.ts';
