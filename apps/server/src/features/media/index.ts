export * from './join-token.ts';
export * from './media-plane.ts';
export * from './media-sessions.store.ts';
export * from './open-doors.ts';
export * from './service-tokens.ts';
export * from './services.store.ts';
export * from './session-selection.store.ts';
export * from './session-states.store.ts';
