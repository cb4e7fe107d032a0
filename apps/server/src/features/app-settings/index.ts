export { appFacts } from './app-facts.ts';
export { storedApp } from './app-settings.store.ts';
export { appResponse, type StoredApp } from './app-settings.ts';
export type { EventHook } from './event-hook.ts';
export {
  askReplay,
  finishReplay,
  type HookPosition,
  hookPosition,
  moveHook,
  storedHooks,
} from './event-hooks.store.ts';
export { getApp } from './get-app.ts';
export { addressRefusal, type HookRules, hookHost } from './hook-url.ts';
export { seedApp } from './seed-app.ts';
export { updateApp } from './update-app.ts';
