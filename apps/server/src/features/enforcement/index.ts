export * from './act.ts';
export { demandOutranksInCall, rankOfTarget } from './demand-rank.ts';
export { createEnforcement, type Enforcement } from './enforce.ts';
export { purgeReplies } from './idempotency.store.ts';
export type { EnforcementResult } from './jobs.store.ts';
export type { SessionEndings } from './remove-refused.ts';
