export * from './call.ts';
export * from './calls.store.ts';
