import { fileURLToPath } from 'node:url';

export * from './control.ts';
export { readLines } from './lines.ts';

/** The program of the media server, for Node. */
export const SFU_ENTRY: string = fileURLToPath(new URL('main.ts', import.meta.url));
