export * from './media-plane.ts';
export * from './media-sessions.store.ts';
