export { isEnded } from './call-times.ts';
export * from './caller.ts';
export { type KindState, kindState } from './kinds.ts';
export * from './participant-policy.ts';
export * from './policy-facts.ts';
export * from './policy-reader.ts';
export * from './rank.ts';
export { refusal } from './refusal.ts';
