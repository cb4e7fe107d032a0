import { capabilitiesPage } from './capabilities-page.ts';
import { errorsPage } from './errors-page.ts';
import type { GeneratedFile } from './generated-file.ts';

/** Every generated file, in the order of making. A new one is added here and committed. */
export const GENERATED_FILES: readonly GeneratedFile[] = [errorsPage, capabilitiesPage];
