export type { TimerHandler, TimerHandlers } from './fire-due.ts';
export {
  PURGE,
  PURGE_BATCH,
  type Purge,
  type Purges,
  purgeHandler,
  type Stretch,
  seedPurges,
} from './purge.ts';
export { clearTimer, type NewTimer, setTimer, type Timer, takeTimer } from './timers.store.ts';
export { createTimers, type Timers } from './timers.ts';
