export * from './act.ts';
export { createEnforcement, type Enforcement, type SessionEndings } from './enforce.ts';
export { type EnforcementResult, jobsByIds, resultOf } from './jobs.store.ts';
