export * from './act.ts';
export type { ActReply, ActRequest } from './act-request.ts';
export * from './actor.ts';
export type { ApplyPolicy, PolicyApplied } from './apply-policy.ts';
export { demandOutranksInCall, rankOfTarget } from './demand-rank.ts';
export { createEnforcement, type Enforcement } from './enforce.ts';
export type { FanOuts, Reached } from './fan-out.ts';
export { purgeReplies } from './idempotency.store.ts';
export type { EnforcementResult } from './jobs.store.ts';
export type { SessionEndings } from './remove-refused.ts';
export { createSweep, type Sweep } from './sweep.ts';
export {
  isSameWanted,
  type Judge,
  type Judged,
  judgeSession,
  type MediaSources,
  mediaSessionOf,
  refusalOf,
} from './wanted-media.ts';
export { serviceRefusal } from './wanted-service.ts';
