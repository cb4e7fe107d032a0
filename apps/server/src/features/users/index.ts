export * from './actor.ts';
export * from './user.ts';
export * from './users.store.ts';
