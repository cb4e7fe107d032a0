export * from './counters.ts';
export * from './engines.ts';
export * from './media-client.ts';
