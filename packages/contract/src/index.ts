export * from './capabilities.ts';
export * from './errors.ts';
export * from './ids.ts';
