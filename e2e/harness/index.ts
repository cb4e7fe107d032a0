export * from './client.ts';
export * from './engines.ts';
export * from './server.ts';
