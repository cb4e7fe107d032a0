export * from './built-in-call-types.ts';
export * from './capabilities.ts';
export * from './errors.ts';
export * from './ids.ts';
export { EXAMPLES, type Example } from './operations/examples.ts';
export * from './operations.ts';
export * from './roles.ts';
export * from './schemas/index.ts';
