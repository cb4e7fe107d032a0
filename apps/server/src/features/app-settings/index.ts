export { appFacts } from './app-facts.ts';
export { storedApp } from './app-settings.store.ts';
export { appResponse, type StoredApp } from './app-settings.ts';
export { getApp } from './get-app.ts';
export { seedApp } from './seed-app.ts';
export { updateApp } from './update-app.ts';
