export * from './control.ts';
export { readLines } from './lines.ts';
