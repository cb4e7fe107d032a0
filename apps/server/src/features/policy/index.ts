export * from './caller.ts';
export * from './participant-policy.ts';
export * from './policy-facts.ts';
export * from './policy-reader.ts';
export * from './rank.ts';
export { refusal } from './refusal.ts';
